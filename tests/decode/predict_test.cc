#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

#include "server/decode/bytes_tensor.h"
#include "server/decode/predict_request.h"
#include "server/decode/predict_response.h"

namespace driftserve {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using v1::PredictRequest;

void Fill(Model& model) {
  model.settings.name = "m";
  model.settings.max_batch_size = 4;
  model.version_text = "1";
  model.settings.inputs = {
      {"features", DataType::kFp32, {2}}, {"carrier", DataType::kBytes, {1}}, {"count", DataType::kInt64, {1}}};
  model.settings.outputs = {{"score", DataType::kFp32, {2}}, {"class", DataType::kInt64, {1}}};
  model.columns = {{"temp", 0, 0}, {"wind", 0, 1}, {"carrier", 1, 0}, {"count", 2, 0}};
  model.prediction_columns = {{"p_late", 0, 0}};
}

PredictRequest GoodRequest() {
  PredictRequest request;
  auto& columns = *request.mutable_columns();
  for (const double value : {1.5, 2.5}) columns["temp"].mutable_doubles()->add_values(value);
  for (const int64_t value : {3, 4}) columns["wind"].mutable_int64s()->add_values(value);
  for (const char* value : {"UA", "HA"}) columns["carrier"].mutable_strings()->add_values(value);
  for (const double value : {5.0, 6.0}) columns["count"].mutable_doubles()->add_values(value);
  return request;
}

/// What the server reads of the client's bytes, and the other way round.
wire::PredictRequest AsRead(const PredictRequest& request) {
  wire::PredictRequest read;
  EXPECT_TRUE(read.ParseFromString(request.SerializeAsString()));
  return read;
}

v1::PredictResponse AsReceived(const wire::PredictResponse& response) {
  v1::PredictResponse received;
  EXPECT_TRUE(received.ParseFromString(response.SerializeAsString()));
  return received;
}

class PredictTest : public testing::Test {
 protected:
  PredictTest() { Fill(model_); }

  std::string Refusal(const std::function<void(PredictRequest&)>& change) {
    PredictRequest request = GoodRequest();
    change(request);
    return Refusal(AsRead(request));
  }

  std::string Refusal(const wire::PredictRequest& request) {
    const absl::Status status = DecodePredictRequest(request, model_, decoded_);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  }

  std::vector<float> Features() const {
    std::vector<float> values(decoded_.inputs[0].byte_size / sizeof(float));
    std::memcpy(values.data(), decoded_.inputs[0].bytes, decoded_.inputs[0].byte_size);
    return values;
  }

  Model model_;
  DecodedRequest decoded_;
};

TEST_F(PredictTest, ColumnsBecomeTheModelsTensors) {
  ASSERT_TRUE(DecodePredictRequest(AsRead(GoodRequest()), model_, decoded_).ok());
  EXPECT_EQ(decoded_.rows, 2);
  EXPECT_THAT(Features(), ElementsAre(1.5f, 3.0f, 2.5f, 4.0f));
  EXPECT_THAT(decoded_.inputs[0].shape, ElementsAre(2, 2));
  std::string carriers;
  AppendBytesElement("UA", carriers);
  AppendBytesElement("HA", carriers);
  EXPECT_EQ(std::string(decoded_.inputs[1].bytes, decoded_.inputs[1].byte_size), carriers);
  int64_t counts[2];
  std::memcpy(counts, decoded_.inputs[2].bytes, sizeof(counts));
  EXPECT_EQ(counts[1], 6);
}

TEST_F(PredictTest, NullsAreMissing) {
  PredictRequest request = GoodRequest();
  (*request.mutable_columns())["temp"].add_nulls(1);
  (*request.mutable_columns())["carrier"].add_nulls(0);
  ASSERT_TRUE(DecodePredictRequest(AsRead(request), model_, decoded_).ok());
  EXPECT_EQ(Features()[0], 1.5f);
  EXPECT_TRUE(std::isnan(Features()[2]));
  BytesReader reader(decoded_.inputs[1].bytes, decoded_.inputs[1].byte_size);
  EXPECT_EQ(reader.Next(), "");
  EXPECT_EQ(reader.Next(), "HA");
}

TEST_F(PredictTest, ANullWhereTheTypeHasNoneIsRefused) {
  EXPECT_THAT(Refusal([](auto& r) { (*r.mutable_columns())["count"].add_nulls(0); }),
              AllOf(HasSubstr("'count'"), HasSubstr("INT64")));
  EXPECT_THAT(Refusal([](auto& r) { (*r.mutable_columns())["temp"].add_nulls(2); }),
              AllOf(HasSubstr("'temp'"), HasSubstr("2 rows")));
}

TEST_F(PredictTest, MissingUnknownAndUnevenColumns) {
  EXPECT_THAT(Refusal([](auto& r) { r.mutable_columns()->erase("wind"); }), HasSubstr("'wind' is missing"));
  EXPECT_THAT(Refusal([](auto& r) { (*r.mutable_columns())["windy"].mutable_doubles()->add_values(1); }),
              AllOf(HasSubstr("'windy'"), HasSubstr("'wind'")));
  EXPECT_THAT(Refusal([](auto& r) { (*r.mutable_columns())["wind"].mutable_int64s()->add_values(1); }),
              AllOf(HasSubstr("'wind'"), HasSubstr("2 rows"), HasSubstr("got 3")));
}

TEST_F(PredictTest, AnOptionalInputIsLeftOutWithAllItsColumns) {
  model_.settings.inputs[0].optional = true;
  PredictRequest request = GoodRequest();
  request.mutable_columns()->erase("temp");
  EXPECT_THAT(Refusal([](auto& r) { r.mutable_columns()->erase("temp"); }), HasSubstr("'temp' is missing"))
      << "the other one is there";
  request.mutable_columns()->erase("wind");
  ASSERT_TRUE(DecodePredictRequest(AsRead(request), model_, decoded_).ok());
  EXPECT_TRUE(decoded_.inputs[0].absent());
  EXPECT_EQ(decoded_.rows, 2);
  (*request.mutable_columns())["temperature"].mutable_doubles()->add_values(1);
  const absl::Status unknown = DecodePredictRequest(AsRead(request), model_, decoded_);
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("'temperature'")) << "not taken for the missing one";
  EXPECT_FALSE(DecodePredictRequest({}, model_, decoded_).ok());
}

TEST_F(PredictTest, AnOutputThatTheModelLeftOutIsMissing) {
  decoded_.rows = 1;
  const int64_t classes[1] = {7};
  const TensorList outputs = {{}, {DataType::kInt64, {1, 1}, reinterpret_cast<const char*>(classes), sizeof(classes)}};
  wire::PredictResponse encoded;
  std::string kept;
  TensorList views;
  EncodePredictResponse(model_, decoded_, outputs, 0, "", encoded, kept, views);
  const v1::PredictResponse response = AsReceived(encoded);
  EXPECT_EQ(response.outputs_size(), 1);
  EXPECT_EQ(response.outputs().at("class").int64s().values(0), 7);
  EXPECT_TRUE(views[0].absent());
}

TEST_F(PredictTest, ColumnsAreFoundInWhateverOrderTheyCome) {
  wire::PredictRequest request = AsRead(GoodRequest());
  std::vector<wire::NamedColumn> columns(request.columns().begin(), request.columns().end());
  std::sort(columns.begin(), columns.end(), [](const auto& a, const auto& b) { return a.key() < b.key(); });
  do {
    request.clear_columns();
    for (const wire::NamedColumn& column : columns) *request.add_columns() = column;
    ASSERT_TRUE(DecodePredictRequest(request, model_, decoded_).ok());
    ASSERT_THAT(Features(), ElementsAre(1.5f, 3.0f, 2.5f, 4.0f));
  } while (std::next_permutation(columns.begin(), columns.end(),
                                 [](const auto& a, const auto& b) { return a.key() < b.key(); }));
}

TEST_F(PredictTest, AnOrderLearntFromALargerModelIsOnlyAGuess) {
  ASSERT_TRUE(DecodePredictRequest(AsRead(GoodRequest()), model_, decoded_).ok());
  decoded_.column_order.assign(8, 7);
  ASSERT_TRUE(DecodePredictRequest(AsRead(GoodRequest()), model_, decoded_).ok());
  EXPECT_THAT(Features(), ElementsAre(1.5f, 3.0f, 2.5f, 4.0f));
}

TEST_F(PredictTest, ARecycledMessageHoldsNothingOfTheRequestBefore) {
  PredictRequest first = GoodRequest();
  (*first.mutable_columns())["temp"].add_nulls(1);
  wire::PredictRequest request = AsRead(first);
  PredictRequest second = GoodRequest();
  (*second.mutable_columns())["wind"].mutable_doubles();
  for (const double value : {7, 8}) (*second.mutable_columns())["wind"].mutable_doubles()->add_values(value);
  ASSERT_TRUE(request.ParseFromString(second.SerializeAsString()));
  ASSERT_TRUE(DecodePredictRequest(request, model_, decoded_).ok()) << "one kind a column, not that of before too";
  EXPECT_THAT(Features(), ElementsAre(1.5f, 7.0f, 2.5f, 8.0f));
}

// What no map and no oneof can say.
TEST_F(PredictTest, AColumnGivenTwiceAndValuesOfTwoKinds) {
  wire::PredictRequest twice = AsRead(GoodRequest());
  *twice.add_columns() = twice.columns(0);
  EXPECT_THAT(Refusal(twice), AllOf(HasSubstr(twice.columns(0).key()), HasSubstr("expected once, got it twice")));
  wire::PredictRequest both = AsRead(GoodRequest());
  for (wire::NamedColumn& column : *both.mutable_columns()) {
    if (column.key() == "temp") column.mutable_value()->mutable_bools()->add_values(true);
  }
  EXPECT_THAT(Refusal(both), AllOf(HasSubstr("'temp'"), HasSubstr("one kind, got several")));
}

TEST_F(PredictTest, MoreNullsThanRows) {
  EXPECT_THAT(Refusal([](auto& r) {
                for (int i = 0; i < 3; ++i) (*r.mutable_columns())["temp"].add_nulls(1);
              }),
              AllOf(HasSubstr("'temp'"), HasSubstr("at most 2 nulls"), HasSubstr("got 3")));
}

TEST_F(PredictTest, WrongKinds) {
  EXPECT_THAT(Refusal([](auto& r) { (*r.mutable_columns())["temp"] = r.columns().at("carrier"); }),
              AllOf(HasSubstr("'temp'"), HasSubstr("doubles"), HasSubstr("strings")));
  EXPECT_THAT(Refusal([](auto& r) { (*r.mutable_columns())["carrier"] = r.columns().at("temp"); }),
              AllOf(HasSubstr("'carrier'"), HasSubstr("strings"), HasSubstr("doubles")));
}

TEST_F(PredictTest, NumbersThatDoNotFitAreNotRounded) {
  EXPECT_THAT(Refusal([](auto& r) { (*r.mutable_columns())["count"].mutable_doubles()->set_values(1, 6.5); }),
              AllOf(HasSubstr("'count'"), HasSubstr("row 1"), HasSubstr("6.5")));
  EXPECT_THAT(Refusal([](auto& r) { (*r.mutable_columns())["count"].mutable_doubles()->set_values(0, 0x1p63); }),
              HasSubstr("'count'"));
  EXPECT_THAT(Refusal([](auto& r) { (*r.mutable_columns())["count"].mutable_doubles()->set_values(0, NAN); }),
              HasSubstr("'count'"));
}

TEST_F(PredictTest, TooManyRowsAndNone) {
  EXPECT_THAT(Refusal([](auto& r) {
                for (auto& [name, column] : *r.mutable_columns()) column.Clear();
              }),
              HasSubstr("got 0"));
}

TEST_F(PredictTest, AModelWithoutNamedColumnsSaysWhatToDo) {
  model_.columns.clear();
  const absl::Status status = DecodePredictRequest(AsRead(GoodRequest()), model_, decoded_);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("monitor.yaml"));
}

TEST_F(PredictTest, OutputsComeBackByName) {
  const float scores[6] = {9, 9, 0.25f, 0.5f, 0.75f, 1.0f};
  const int64_t classes[3] = {9, 1, 2};
  TensorList outputs;
  outputs.push_back({DataType::kFp32, {3, 2}, reinterpret_cast<const char*>(scores), sizeof(scores)});
  outputs.push_back({DataType::kInt64, {3, 1}, reinterpret_cast<const char*>(classes), sizeof(classes)});
  decoded_.rows = 2;
  wire::PredictResponse encoded;
  std::string kept;
  TensorList views;
  EncodePredictResponse(model_, decoded_, outputs, 1, "id", encoded, kept, views);
  const v1::PredictResponse response = AsReceived(encoded);
  EXPECT_EQ(response.request_id(), "id");
  EXPECT_EQ(response.outputs_size(), 3);
  EXPECT_THAT(response.outputs().at("p_late").doubles().values(), ElementsAre(0.25, 0.75)) << "named by monitor.yaml";
  EXPECT_THAT(response.outputs().at("score.1").doubles().values(), ElementsAre(0.5, 1.0));
  EXPECT_THAT(response.outputs().at("class").int64s().values(), ElementsAre(1, 2));
  EXPECT_EQ(views[0].bytes, kept.data());
  float first;
  std::memcpy(&first, views[0].bytes, sizeof(first));
  EXPECT_EQ(first, 0.25f);
}

}  // namespace
}  // namespace driftserve
