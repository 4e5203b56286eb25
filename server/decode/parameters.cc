#include "server/decode/parameters.h"

#include "absl/strings/match.h"
#include "server/base/text.h"

namespace driftserve {
namespace {

using inference::InferParameter;

absl::Status ReadTimeout(const InferParameter& parameter, DecodedRequest& decoded) {
  if (parameter.parameter_choice_case() != InferParameter::kInt64Param || parameter.int64_param() < 0) {
    return absl::InvalidArgumentError(Concat(
        "parameter 'timeout': expected int64_param, microseconds, at least 0, got ", parameter.ShortDebugString()));
  }
  decoded.timeout_us = parameter.int64_param();
  return absl::OkStatus();
}

absl::Status ReadPriority(const InferParameter& parameter, DecodedRequest& decoded) {
  const bool is_signed = parameter.parameter_choice_case() == InferParameter::kInt64Param;
  if ((!is_signed && parameter.parameter_choice_case() != InferParameter::kUint64Param) ||
      (is_signed && parameter.int64_param() < 0)) {
    return absl::InvalidArgumentError(Concat(
        "parameter 'priority': expected uint64_param or int64_param, at least 0, got ", parameter.ShortDebugString()));
  }
  decoded.priority = is_signed ? static_cast<uint64_t>(parameter.int64_param()) : parameter.uint64_param();
  return absl::OkStatus();
}

absl::Status ReadParameter(const std::string& name, const InferParameter& parameter, DecodedRequest& decoded) {
  if (name == "timeout") return ReadTimeout(parameter, decoded);
  if (name == "priority") return ReadPriority(parameter, decoded);
  if (name == "sequence_id" || name == "sequence_start" || name == "sequence_end") {
    return absl::InvalidArgumentError(
        Concat("parameter '", name, "': this server serves stateless models only; leave sequence parameters out"));
  }
  // Triton's C++ client sends it with every request.
  if (name == "triton_enable_empty_final_response") return absl::OkStatus();
  if (absl::StartsWith(name, "triton_")) {
    return absl::InvalidArgumentError(Concat("parameter '", name, "': names that start with triton_ are reserved"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadParameters(const google::protobuf::Map<std::string, InferParameter>& parameters,
                            DecodedRequest& decoded) {
  for (const auto& [name, parameter] : parameters) {
    if (absl::Status status = ReadParameter(name, parameter, decoded); !status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string ParameterText(const InferParameter& parameter) {
  switch (parameter.parameter_choice_case()) {
    case InferParameter::kBoolParam:
      return parameter.bool_param() ? "true" : "false";
    case InferParameter::kInt64Param:
      return Concat(parameter.int64_param());
    case InferParameter::kUint64Param:
      return Concat(parameter.uint64_param());
    case InferParameter::kStringParam:
      return parameter.string_param();
    case InferParameter::kDoubleParam:
      return Concat(parameter.double_param());
    case InferParameter::PARAMETER_CHOICE_NOT_SET:
      return "";
  }
  return "";
}

}  // namespace driftserve
