// LogSettings and TraceSetting of InferenceService.
#include <array>

#include "server/base/text.h"
#include "server/rpc/inference_service.h"
#include "server/rpc/rpc_status.h"

namespace driftserve {
namespace {

using inference::LogSettingsRequest;

struct LevelName {
  const char* setting;
  LogLevel level;
};
constexpr std::array<LevelName, 3> kLevels = {{{"log_info", LogLevel::kInfo},
                                               {"log_warning", LogLevel::kWarning},
                                               {"log_error", LogLevel::kError}}};

const LevelName* FindLevel(const std::string& setting) {
  for (const LevelName& name : kLevels) {
    if (setting == name.setting) return &name;
  }
  return nullptr;
}

grpc::Status Invalid(const std::string& text) { return ToGrpcStatus(absl::InvalidArgumentError(text)); }

/// What can be set is; what has one possible value may be set to that.
grpc::Status CheckLogSetting(const std::string& name, const LogSettingsRequest::SettingValue& value) {
  if (FindLevel(name) != nullptr) {
    if (value.parameter_choice_case() == LogSettingsRequest::SettingValue::kBoolParam) return grpc::Status::OK;
    return Invalid(Concat("log setting '", name, "': expected bool_param, got ", value.ShortDebugString()));
  }
  if (name == "log_verbose_level") {
    if (value.uint32_param() == 0) return grpc::Status::OK;
    return Invalid("log setting 'log_verbose_level': expected 0, this server has no verbose messages");
  }
  if (name == "log_format") {
    if (value.string_param() == "default") return grpc::Status::OK;
    return Invalid("log setting 'log_format': expected 'default'; set log.format in the configuration");
  }
  if (name == "log_file") {
    if (value.string_param().empty()) return grpc::Status::OK;
    return Invalid("log setting 'log_file': expected none, this server logs to standard error");
  }
  return Invalid(Concat("log setting '", name, "': expected one of log_file, log_info, log_warning, log_error, "
                        "log_verbose_level, log_format"));
}

}  // namespace

grpc::Status InferenceService::LogSettings(grpc::ServerContext*, const inference::LogSettingsRequest* request,
                                           inference::LogSettingsResponse* response) {
  for (const auto& [name, value] : request->settings()) {
    if (grpc::Status status = CheckLogSetting(name, value); !status.ok()) return status;
  }
  for (const auto& [name, value] : request->settings()) {
    if (const LevelName* const level = FindLevel(name)) sources_.log_filter->Set(level->level, value.bool_param());
  }
  auto& settings = *response->mutable_settings();
  for (const LevelName& name : kLevels) {
    settings[name.setting].set_bool_param(sources_.log_filter->Writes(name.level));
  }
  settings["log_file"].set_string_param("");
  settings["log_format"].set_string_param("default");
  settings["log_verbose_level"].set_uint32_param(0);
  return grpc::Status::OK;
}

grpc::Status InferenceService::TraceSetting(grpc::ServerContext*, const inference::TraceSettingRequest* request,
                                            inference::TraceSettingResponse* response) {
  for (const auto& [name, setting] : request->settings()) {
    const bool turns_off = name == "trace_level" && setting.value_size() == 1 && setting.value(0) == "OFF";
    if (setting.value().empty() || turns_off) continue;
    return grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                        "this server writes no traces of its own: a request's traceparent goes to the access log and "
                        "to the sampled records; trace_level is OFF");
  }
  (*response->mutable_settings())["trace_level"].add_value("OFF");
  return grpc::Status::OK;
}

}  // namespace driftserve
