#include "server/logging.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <nlohmann/json.hpp>

namespace driftserve {
namespace {

spdlog::level::level_enum LevelOf(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// A JSON string; bytes that are not UTF-8 are replaced, since no reader of the line would take them.
std::string Quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

LogLevel LeastLevel(const LogConfig& config) {
  if (config.level == "error") return LogLevel::kError;
  return config.level == "warning" ? LogLevel::kWarning : LogLevel::kInfo;
}

Log MakeLog(const LogConfig& config, const LogFilter* filter) {
  auto logger = std::make_shared<spdlog::logger>("driftserve", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->flush_on(spdlog::level::info);
  const bool json = config.format == "json";
  logger->set_pattern(
      json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
      spdlog::pattern_time_type::utc);
  return [logger, json, filter](LogLevel level, const std::string& message) {
    if (filter->Writes(level)) logger->log(LevelOf(level), "{}", json ? Quoted(message) : message);
  };
}

}  // namespace driftserve
