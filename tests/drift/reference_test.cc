#include "drift/reference.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "drift/evaluator.h"
#include "tests/drift/simulation.h"

namespace drift {
namespace {

Reference Sample() {
  Reference reference = *testing::NumericReference({1, 2, 3, 4});
  reference.strata.push_back({"all", 4, {reference.features[0].cell_counts}});
  return reference;
}

TEST(ReferenceTest, CheckFindsWhatDoesNotFitTogether) {
  ASSERT_FALSE(CheckReference(Sample()));
  const std::vector<std::function<void(Reference&)>> faults = {
      [](Reference& r) { r.schema_version = 2; },
      [](Reference& r) { r.rows = 0; },
      [](Reference& r) { r.rows = 5; },
      [](Reference& r) { r.cycle_ns = -1; },
      [](Reference& r) { r.features.push_back(r.features[0]); },
      [](Reference& r) { r.features[0].cell_counts.pop_back(); },
      [](Reference& r) { r.features[0].cell_counts[0] = std::numeric_limits<std::uint64_t>::max(); },
      [](Reference& r) { std::swap(r.features[0].upper_edges[0], r.features[0].upper_edges[1]); },
      [](Reference& r) { r.features[0].dtype = Dtype::kText; },
      [](Reference& r) { r.features[0].mean = std::numeric_limits<double>::quiet_NaN(); },
      [](Reference& r) { r.features[0].effective_rows = -1; },
      [](Reference& r) { r.features[0].known_hashes = {2, 1}; },
      [](Reference& r) { r.features[0].kind = Kind::kCategorical; },
      [](Reference& r) { r.strata[0].rows = 3; },
      [](Reference& r) { r.strata[0].cell_counts.clear(); },
  };
  for (std::size_t i = 0; i < faults.size(); ++i) {
    Reference reference = Sample();
    faults[i](reference);
    EXPECT_TRUE(CheckReference(reference)) << "fault " << i;
  }
}

TEST(ReferenceTest, HashSeesEveryPartButItself) {
  const std::string hash = ContentHash(Sample());
  Reference reference = Sample();
  reference.hash = "other";
  EXPECT_EQ(ContentHash(reference), hash);
  reference.features[0].effective_rows = 3;
  EXPECT_NE(ContentHash(reference), hash);
  reference = Sample();
  reference.model_version = "2";
  EXPECT_NE(ContentHash(reference), hash);
}

TEST(ReferenceTest, TooFewRowsForTheThresholdAreAnErrorAtLoad) {
  const auto rows = [](int count) {
    std::vector<double> values;
    for (int i = 0; i < count; ++i) values.push_back(i);
    return testing::NumericReference(values);
  };
  EXPECT_FALSE(CheckReferenceSize(*rows(170), {}));
  const auto error = CheckReferenceSize(*rows(169), {});
  ASSERT_TRUE(error);
  EXPECT_NE(error->message.find("'x': it is worth 169 rows, more than 169"), std::string::npos) << error->message;
}

}  // namespace
}  // namespace drift
