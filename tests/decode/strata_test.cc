#include "server/decode/strata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/decode/bytes_tensor.h"

namespace driftserve {
namespace {

using testing::ElementsAre;

WatchedModel Watched(StratumSource source, int tensor, int64_t column) {
  WatchedModelSettings settings;
  settings.stratum_source = source;
  settings.stratum_feature = {"carrier", tensor, column};
  std::vector<StratumRate> strata = {{"HA", 1.0}, {"UA", 0.5}, {"7", 0.1}};
  return WatchedModel(std::move(settings), std::make_unique<SamplingRule>(std::move(strata), 0.01, 1, 1), 1);
}

TEST(Strata, ComeFromABytesColumnRowByRow) {
  WatchedModel model = Watched(StratumSource::kFeature, 0, 1);
  std::string bytes;
  for (const std::string_view element : {"x", "UA", "y", "??", "z", "HA"}) AppendBytesElement(element, bytes);
  DecodedRequest decoded;
  decoded.rows = 3;
  decoded.inputs.push_back({DataType::kBytes, {3, 2}, bytes.data(), bytes.size()});
  ResolveStrataFromFeature(model, decoded);
  EXPECT_THAT(decoded.strata, ElementsAre(2, 0, 1)) << "1 HA, 2 UA, 0 the default";
}

TEST(Strata, NumbersAreLookedUpByTheirText) {
  WatchedModel model = Watched(StratumSource::kFeature, 0, 0);
  const int64_t integers[2] = {7, 8};
  DecodedRequest decoded;
  decoded.rows = 2;
  decoded.inputs.push_back({DataType::kInt64, {2, 1}, reinterpret_cast<const char*>(integers), sizeof(integers)});
  ResolveStrataFromFeature(model, decoded);
  EXPECT_THAT(decoded.strata, ElementsAre(3, 0));
  const float floats[2] = {7.0f, 7.5f};
  decoded.inputs[0] = {DataType::kFp32, {2, 1}, reinterpret_cast<const char*>(floats), sizeof(floats)};
  ResolveStrataFromFeature(model, decoded);
  EXPECT_THAT(decoded.strata, ElementsAre(3, 0));
}

TEST(Strata, TextIsOneStratumForAllRows) {
  WatchedModel model = Watched(StratumSource::kParameter, 0, 0);
  DecodedRequest decoded;
  decoded.rows = 5;
  ResolveStrataFromText(model, "HA", decoded);
  EXPECT_THAT(decoded.strata, ElementsAre(1));
  EXPECT_EQ(decoded.stratum(4), 1);
  ResolveStrataFromText(model, "", decoded);
  EXPECT_THAT(decoded.strata, ElementsAre(0));
}

TEST(Strata, AnAbsentInputIsTheDefault) {
  WatchedModel model = Watched(StratumSource::kFeature, 0, 0);
  DecodedRequest decoded;
  decoded.rows = 1;
  decoded.inputs.emplace_back();
  ResolveStrataFromFeature(model, decoded);
  EXPECT_THAT(decoded.strata, ElementsAre(0));
}

TEST(Strata, AColumnThatThisRequestDoesNotReachIsTheDefault) {
  WatchedModel model = Watched(StratumSource::kFeature, 0, 5);
  const float values[2] = {1, 2};
  DecodedRequest decoded;
  decoded.rows = 2;
  decoded.inputs.push_back({DataType::kFp32, {2, 1}, reinterpret_cast<const char*>(values), sizeof(values)});
  ResolveStrataFromFeature(model, decoded);
  EXPECT_THAT(decoded.strata, ElementsAre(0));
}

}  // namespace
}  // namespace driftserve
