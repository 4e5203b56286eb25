// Requests with every field changed, one or a few at a time: each is served or refused with a reason, as
// request_targets.h says.
#include <map>

#include <google/protobuf/stubs/logging.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/decode/bytes_tensor.h"
#include "tests/fuzz/field_mutator.h"
#include "tests/fuzz/request_targets.h"

namespace driftserve {
namespace {

constexpr int kIterations = 40'000;

template <typename Tensor>
void Place(Tensor& tensor, int64_t byte_size, int64_t offset) {
  auto& parameters = *tensor.mutable_parameters();
  parameters["shared_memory_region"].set_string_param("r");
  parameters["shared_memory_byte_size"].set_int64_param(byte_size);
  parameters["shared_memory_offset"].set_int64_param(offset);
}

/// Two rows without their values.
inference::ModelInferRequest Frame() {
  inference::ModelInferRequest request;
  request.set_model_name("m");
  request.set_id("id");
  const std::pair<const char*, const char*> inputs[] = {{"features", "FP32"}, {"carrier", "BYTES"}, {"flags", "UINT8"}};
  for (const auto& [name, type] : inputs) {
    auto& input = *request.add_inputs();
    input.set_name(name);
    input.set_datatype(type);
    input.add_shape(2);
    input.add_shape(name == inputs[0].first ? 2 : 1);
  }
  request.add_outputs()->set_name("score");
  request.add_outputs()->set_name("label");
  return request;
}

inference::ModelInferRequest Typed() {
  inference::ModelInferRequest request = Frame();
  for (const float value : {1.f, 2.f, 3.f, 4.f}) {
    request.mutable_inputs(0)->mutable_contents()->add_fp32_contents(value);
  }
  for (const char* carrier : {"UA", "DL"}) request.mutable_inputs(1)->mutable_contents()->add_bytes_contents(carrier);
  for (const unsigned flag : {1u, 255u}) request.mutable_inputs(2)->mutable_contents()->add_uint_contents(flag);
  return request;
}

inference::ModelInferRequest Raw(bool shared) {
  inference::ModelInferRequest request = Frame();
  if (shared) {
    Place(*request.mutable_inputs(0), 16, 8);
    Place(*request.mutable_outputs(0), 8, 64);
    Place(*request.mutable_outputs(1), 40, 80);
  } else {
    request.add_raw_input_contents(std::string(16, '\1'));
  }
  std::string carriers;
  for (const char* carrier : {"UA", "DL"}) AppendBytesElement(carrier, carriers);
  request.add_raw_input_contents(carriers);
  request.add_raw_input_contents("\1\2");
  return request;
}

wire::PredictRequest Columns() {
  v1::PredictRequest request;
  request.set_model_name("m");
  auto& columns = *request.mutable_columns();
  for (const char* name : {"temp", "wind"}) {
    for (const double value : {1.5, 1e300}) columns[name].mutable_doubles()->add_values(value);
  }
  for (const char* value : {"UA", ""}) columns["carrier"].mutable_strings()->add_values(value);
  for (const int64_t value : {1, 255}) columns["flag"].mutable_int64s()->add_values(value);
  columns["temp"].add_nulls(1);
  (*request.mutable_parameters())["tier"].set_int64_value(1);
  wire::PredictRequest read;
  EXPECT_TRUE(read.ParseFromString(request.SerializeAsString()));
  return read;
}

v1::ReportLabelsRequest Labels() {
  v1::ReportLabelsRequest request;
  request.set_model_name("m");
  for (const char* id : {"a", "b"}) {
    v1::Label& label = *request.add_labels();
    label.set_request_id(id);
    label.set_row(3);
    label.set_number(0.5);
    label.mutable_observed_at()->set_seconds(1'600'000'000);
  }
  request.mutable_labels(1)->set_text("yes");
  return request;
}

using Counts = std::map<Outcome, int>;

void ExpectSomeOfEach(const Counts& counts) {
  for (const Outcome outcome : {Outcome::kRefused, Outcome::kServed}) {
    const auto found = counts.find(outcome);
    ASSERT_NE(found, counts.end()) << static_cast<int>(outcome);
    EXPECT_GT(found->second, kIterations / 50) << static_cast<int>(outcome);
  }
}

/// Changes fields of right messages until every field there is has been changed many times over.
template <typename Target>
void ChangeFields(const std::vector<typename Target::Message>& right) {
  const google::protobuf::LogSilencer silent;  // a line of every damaged text
  Target target;
  FieldMutator mutator(1, Target::Texts());
  Counts counts;
  for (int i = 0; i < kIterations; ++i) {
    typename Target::Message message = right[static_cast<size_t>(i) % right.size()];
    for (int changes = i % 3; changes >= 0; --changes) mutator.Change(message);
    ++counts[target.Try(message.SerializePartialAsString())];
  }
  ExpectSomeOfEach(counts);
  EXPECT_EQ(mutator.changed(), FieldsWithin(*Target::Message::descriptor()));
}

TEST(RequestFuzz, EveryFieldOfModelInfer) { ChangeFields<InferTarget>({Typed(), Raw(false), Raw(true)}); }

TEST(RequestFuzz, EveryFieldOfPredict) { ChangeFields<PredictTarget>({Columns()}); }

TEST(RequestFuzz, EveryFieldOfReportLabels) { ChangeFields<LabelsTarget>({Labels()}); }

TEST(RequestFuzz, ABrokenPromiseEndsTheProcess) {
  EXPECT_DEATH(RequireReason(absl::InternalError("ours, not the caller's")), "the request is bad");
  EXPECT_DEATH(RequireReason(absl::InvalidArgumentError("")), "a reason");
}

}  // namespace
}  // namespace driftserve
