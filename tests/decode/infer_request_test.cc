#include "server/decode/infer_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "server/decode/bytes_tensor.h"

namespace driftserve {
namespace {

using inference::ModelInferRequest;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

ModelSettings Settings() {
  ModelSettings settings;
  settings.name = "m";
  settings.max_batch_size = 4;
  settings.inputs = {{"x", DataType::kFp32, {3}}, {"name", DataType::kBytes, {1}}};
  settings.outputs = {{"score", DataType::kFp32, {1}}, {"label", DataType::kBytes, {1}}};
  return settings;
}

std::string Floats(std::vector<float> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::string Bytes(std::initializer_list<std::string_view> elements) {
  std::string bytes;
  for (const std::string_view element : elements) AppendBytesElement(element, bytes);
  return bytes;
}

ModelInferRequest::InferInputTensor& AddInput(ModelInferRequest& request, const std::string& name,
                                              const std::string& type, std::initializer_list<int64_t> shape) {
  auto& input = *request.add_inputs();
  input.set_name(name);
  input.set_datatype(type);
  for (const int64_t dimension : shape) input.add_shape(dimension);
  return input;
}

/// Two rows, right in everything.
ModelInferRequest GoodRequest() {
  ModelInferRequest request;
  AddInput(request, "x", "FP32", {2, 3});
  AddInput(request, "name", "BYTES", {2, 1});
  request.add_raw_input_contents(Floats({1, 2, 3, 4, 5, 6}));
  request.add_raw_input_contents(Bytes({"UA", ""}));
  return request;
}

absl::Status DecodeChanged(const std::function<void(ModelInferRequest&)>& change) {
  ModelInferRequest request = GoodRequest();
  change(request);
  DecodedRequest decoded;
  return DecodeInferRequest(request, Settings(), {}, decoded);
}

std::string Refusal(const std::function<void(ModelInferRequest&)>& change) {
  const absl::Status status = DecodeChanged(change);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

TEST(DecodeInferRequest, ReadsRawContentsInPlace) {
  const ModelInferRequest request = GoodRequest();
  DecodedRequest decoded;
  ASSERT_TRUE(DecodeInferRequest(request, Settings(), {}, decoded).ok());
  EXPECT_EQ(decoded.rows, 2);
  EXPECT_EQ(decoded.inputs[0].bytes, request.raw_input_contents(0).data());
  EXPECT_EQ(decoded.byte_size, 24u + 10u);
  EXPECT_THAT(decoded.requested_outputs, ElementsAre(0, 1)) << "all, where none is asked for";
}

TEST(DecodeInferRequest, InputsMayComeInAnyOrder) {
  ModelInferRequest request = GoodRequest();
  request.mutable_inputs()->SwapElements(0, 1);
  request.mutable_raw_input_contents()->SwapElements(0, 1);
  DecodedRequest decoded;
  ASSERT_TRUE(DecodeInferRequest(request, Settings(), {}, decoded).ok());
  EXPECT_EQ(decoded.inputs[0].type, DataType::kFp32);
  EXPECT_EQ(decoded.inputs[0].byte_size, 24u);
}

TEST(DecodeInferRequest, ReadsTypedContents) {
  ModelInferRequest request = GoodRequest();
  request.clear_raw_input_contents();
  for (int i = 0; i < 6; ++i) request.mutable_inputs(0)->mutable_contents()->add_fp32_contents(static_cast<float>(i));
  request.mutable_inputs(1)->mutable_contents()->add_bytes_contents("a");
  request.mutable_inputs(1)->mutable_contents()->add_bytes_contents("bc");
  DecodedRequest decoded;
  ASSERT_TRUE(DecodeInferRequest(request, Settings(), {}, decoded).ok());
  EXPECT_EQ(std::string(decoded.inputs[1].bytes, decoded.inputs[1].byte_size), Bytes({"a", "bc"}));
}

TEST(DecodeInferRequest, NarrowTypesRideInWiderFieldsAndAreChecked) {
  ModelSettings settings = Settings();
  settings.inputs = {{"x", DataType::kInt8, {2}}};
  ModelInferRequest request;
  auto& input = AddInput(request, "x", "INT8", {1, 2});
  input.mutable_contents()->add_int_contents(-128);
  input.mutable_contents()->add_int_contents(127);
  DecodedRequest decoded;
  ASSERT_TRUE(DecodeInferRequest(request, settings, {}, decoded).ok());
  EXPECT_EQ(decoded.inputs[0].byte_size, 2u);
  EXPECT_EQ(static_cast<int8_t>(decoded.inputs[0].bytes[0]), -128);
  request.mutable_inputs(0)->mutable_contents()->set_int_contents(1, 128);
  const absl::Status status = DecodeInferRequest(request, settings, {}, decoded);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("'x'"), HasSubstr("128"), HasSubstr("INT8")));
}

ModelSettings WithOptional(std::initializer_list<bool> optional) {
  ModelSettings settings = Settings();
  settings.inputs.push_back({"scale", DataType::kFp32, {1}});
  size_t input = 0;
  for (const bool value : optional) settings.inputs[input++].optional = value;
  return settings;
}

std::string Missing(const ModelInferRequest& request, const ModelSettings& settings) {
  DecodedRequest decoded;
  const absl::Status status = DecodeInferRequest(request, settings, {}, decoded);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

TEST(DecodeInferRequest, AnOptionalInputMayBeAbsentWhereverItStands) {
  DecodedRequest decoded;
  ASSERT_TRUE(DecodeInferRequest(GoodRequest(), WithOptional({false, false, true}), {}, decoded).ok());
  EXPECT_TRUE(decoded.inputs[2].absent());
  EXPECT_EQ(decoded.rows, 2);
  ModelInferRequest request = GoodRequest();
  request.mutable_inputs()->DeleteSubrange(0, 1);
  request.mutable_raw_input_contents()->DeleteSubrange(0, 1);
  ASSERT_TRUE(DecodeInferRequest(request, WithOptional({true, false, true}), {}, decoded).ok());
  EXPECT_TRUE(decoded.inputs[0].absent());
  EXPECT_EQ(decoded.rows, 2) << "by the first that is there";
  EXPECT_EQ(decoded.byte_size, 10u);
}

TEST(DecodeInferRequest, ARequiredInputMayNot) {
  ModelInferRequest request = GoodRequest();
  EXPECT_THAT(Missing(request, WithOptional({true, false, false})),
              HasSubstr("input 'scale' is missing: model 'm' expects 'x' (optional), 'name', 'scale'"));
  EXPECT_THAT(Missing({}, WithOptional({true, false, true})), HasSubstr("expects 3 inputs ('x' (optional), 'name'"));
  EXPECT_THAT(Missing({}, WithOptional({true, true, true})), HasSubstr("expects at least one of its inputs"));
  request.mutable_inputs(1)->set_shape(0, 1);
  request.set_raw_input_contents(1, Bytes({"UA"}));
  EXPECT_THAT(Missing(request, WithOptional({false, false, true})),
              HasSubstr("expected 2 rows as in input 'x', got 1"));
}

TEST(DecodeInferRequest, TheRequestsOwnTimeoutIsRead) {
  ModelInferRequest request = GoodRequest();
  (*request.mutable_parameters())["timeout"].set_int64_param(1500);
  (*request.mutable_parameters())["triton_enable_empty_final_response"].set_bool_param(true);
  (*request.mutable_parameters())["tier"].set_string_param("vip");
  DecodedRequest decoded;
  ASSERT_TRUE(DecodeInferRequest(request, Settings(), {}, decoded).ok());
  EXPECT_EQ(decoded.timeout_us, 1500);
  EXPECT_EQ(decoded.priority, 0u) << "the model's default";
}

TEST(DecodeInferRequest, ThePriorityIsAWholeNumberOfEitherKind) {
  ModelInferRequest request = GoodRequest();
  DecodedRequest decoded;
  (*request.mutable_parameters())["priority"].set_uint64_param(2);
  ASSERT_TRUE(DecodeInferRequest(request, Settings(), {}, decoded).ok());
  EXPECT_EQ(decoded.priority, 2u);
  (*request.mutable_parameters())["priority"].set_int64_param(3);
  ASSERT_TRUE(DecodeInferRequest(request, Settings(), {}, decoded).ok());
  EXPECT_EQ(decoded.priority, 3u);
  EXPECT_THAT(Refusal([](auto& r) { (*r.mutable_parameters())["priority"].set_int64_param(-1); }),
              HasSubstr("parameter 'priority': expected uint64_param or int64_param, at least 0"));
  EXPECT_THAT(Refusal([](auto& r) { (*r.mutable_parameters())["priority"].set_string_param("high"); }),
              HasSubstr("'priority'"));
}

TEST(DecodeInferRequest, AsksOnlyForTheNamedOutputs) {
  ModelInferRequest request = GoodRequest();
  request.add_outputs()->set_name("label");
  DecodedRequest decoded;
  ASSERT_TRUE(DecodeInferRequest(request, Settings(), {}, decoded).ok());
  EXPECT_THAT(decoded.requested_outputs, ElementsAre(1));
}

TEST(BadRequest, WrongTensorName) {
  EXPECT_THAT(Refusal([](auto& r) { r.mutable_inputs(0)->set_name("y"); }),
              AllOf(HasSubstr("'y'"), HasSubstr("'x', 'name'")));
}

TEST(BadRequest, WrongCount) {
  EXPECT_THAT(Refusal([](auto& r) {
                r.mutable_inputs()->RemoveLast();
                r.mutable_raw_input_contents()->RemoveLast();
              }),
              AllOf(HasSubstr("2 inputs"), HasSubstr("got 1")));
  EXPECT_THAT(Refusal([](auto& r) {
                *r.add_inputs() = r.inputs(0);
                r.add_raw_input_contents("");
              }),
              HasSubstr("got 3"));
}

TEST(BadRequest, TheSameInputTwice) {
  EXPECT_THAT(Refusal([](auto& r) {
                *r.mutable_inputs(1) = r.inputs(0);
                r.set_raw_input_contents(1, r.raw_input_contents(0));
              }),
              AllOf(HasSubstr("'x'"), HasSubstr("twice")));
}

TEST(BadRequest, WrongType) {
  EXPECT_THAT(Refusal([](auto& r) { r.mutable_inputs(0)->set_datatype("FP64"); }),
              AllOf(HasSubstr("'x'"), HasSubstr("FP32"), HasSubstr("FP64")));
}

TEST(BadRequest, WrongRankAndShape) {
  const auto expected = AllOf(HasSubstr("'x'"), HasSubstr("[-1, 3]"));
  EXPECT_THAT(Refusal([](auto& r) { r.mutable_inputs(0)->mutable_shape()->RemoveLast(); }),
              AllOf(expected, HasSubstr("[2]")));
  EXPECT_THAT(Refusal([](auto& r) { r.mutable_inputs(0)->set_shape(1, 4); }), AllOf(expected, HasSubstr("[2, 4]")));
}

TEST(BadRequest, NegativeAndOverflowingShapes) {
  EXPECT_THAT(Refusal([](auto& r) { r.mutable_inputs(0)->set_shape(0, -2); }),
              AllOf(HasSubstr("'x'"), HasSubstr("-2")));
  EXPECT_THAT(Refusal([](auto& r) {
                r.mutable_inputs(0)->set_shape(0, int64_t{1} << 62);
                r.mutable_inputs(0)->set_shape(1, int64_t{1} << 62);
              }),
              AllOf(HasSubstr("'x'"), HasSubstr("2^63")));
}

TEST(BadRequest, NoRowsAndTooManyRows) {
  EXPECT_THAT(Refusal([](auto& r) {
                r.mutable_inputs(0)->set_shape(0, 0);
                r.set_raw_input_contents(0, "");
              }),
              AllOf(HasSubstr("'x'"), HasSubstr("1 to 4 rows"), HasSubstr("got 0")));
  EXPECT_THAT(Refusal([](auto& r) { r.mutable_inputs(0)->set_shape(0, 5); }),
              AllOf(HasSubstr("1 to 4 rows"), HasSubstr("max_batch_size"), HasSubstr("got 5")));
}

TEST(BadRequest, RowsThatDiffer) {
  EXPECT_THAT(Refusal([](auto& r) {
                r.mutable_inputs(1)->set_shape(0, 1);
                r.set_raw_input_contents(1, Bytes({"UA"}));
              }),
              AllOf(HasSubstr("'name'"), HasSubstr("2 rows"), HasSubstr("got 1")));
}

TEST(BadRequest, WrongByteCount) {
  EXPECT_THAT(Refusal([](auto& r) { r.mutable_raw_input_contents(0)->pop_back(); }),
              AllOf(HasSubstr("'x'"), HasSubstr("6 elements"), HasSubstr("23 bytes")));
}

TEST(BadRequest, BrokenBytesElements) {
  for (const std::string& bytes : {Bytes({"UA"}), Bytes({"UA", "DL", "B6"}), Bytes({"UA", "DL"}).substr(0, 9),
                                   std::string("\xff\xff\xff\xff", 4), std::string("\x01")}) {
    EXPECT_THAT(Refusal([&](auto& r) { r.set_raw_input_contents(1, bytes); }), HasSubstr("'name'")) << bytes.size();
  }
}

TEST(BadRequest, RawAndTypedContentsTogether) {
  EXPECT_THAT(Refusal([](auto& r) { r.mutable_inputs(0)->mutable_contents()->add_fp32_contents(1); }),
              AllOf(HasSubstr("'x'"), HasSubstr("both")));
  EXPECT_THAT(Refusal([](auto& r) { r.mutable_raw_input_contents()->RemoveLast(); }),
              AllOf(HasSubstr("raw_input_contents"), HasSubstr("2 inputs"), HasSubstr("got 1")));
}

TEST(BadRequest, TypedContentsInTheWrongField) {
  EXPECT_THAT(Refusal([](auto& r) {
                r.clear_raw_input_contents();
                r.mutable_inputs(0)->mutable_contents()->add_fp64_contents(1);
              }),
              AllOf(HasSubstr("'x'"), HasSubstr("fp32_contents"), HasSubstr("fp64_contents")));
}

TEST(BadRequest, UnknownOutput) {
  EXPECT_THAT(Refusal([](auto& r) { r.add_outputs()->set_name("nope"); }),
              AllOf(HasSubstr("'nope'"), HasSubstr("'score'")));
}

TEST(BadRequest, AnOutputTwice) {
  EXPECT_THAT(Refusal([](auto& r) {
                r.add_outputs()->set_name("score");
                r.add_outputs()->set_name("score");
              }),
              HasSubstr("output 'score': expected once, got it twice"));
}

TEST(BadRequest, ParametersOfFeaturesThatAreNotThere) {
  EXPECT_THAT(Refusal([](auto& r) { (*r.mutable_parameters())["sequence_id"].set_int64_param(1); }),
              HasSubstr("sequence_id"));
  EXPECT_THAT(Refusal([](auto& r) { (*r.mutable_parameters())["triton_other"].set_int64_param(1); }),
              HasSubstr("triton_other"));
  EXPECT_THAT(Refusal([](auto& r) { (*r.mutable_parameters())["timeout"].set_string_param("1s"); }),
              HasSubstr("int64_param"));
  EXPECT_TRUE(absl::IsUnimplemented(DecodeChanged(
      [](auto& r) { (*r.mutable_inputs(0)->mutable_parameters())["shared_memory_region"].set_string_param("r"); })));
}

}  // namespace
}  // namespace driftserve
