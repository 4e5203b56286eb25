#include "server/observe/cloud_event.h"

#include <cmath>
#include <cstdio>
#include <ctime>

namespace driftserve {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

}  // namespace

std::vector<std::pair<std::string, std::string>> CloudEventHeaders(const CloudEvent& event) {
  std::vector<std::pair<std::string, std::string>> headers;
  headers.reserve(9);
  headers.emplace_back("ce_specversion", "1.0");
  headers.emplace_back("ce_id", event.id);
  headers.emplace_back("ce_source", event.source);
  headers.emplace_back("ce_type", event.type);
  headers.emplace_back("ce_time", Rfc3339(event.time_ns));
  headers.emplace_back("ce_dataschema", event.data_schema);
  if (!event.trace_parent.empty()) headers.emplace_back("ce_traceparent", event.trace_parent);
  if (event.inclusion_probability > 0) {
    // The extension is an integer below 2^31.
    const double rate = std::fmin(std::round(1 / event.inclusion_probability), 2147483647.0);
    headers.emplace_back("ce_sampledrate", std::to_string(static_cast<int64_t>(std::fmax(rate, 1.0))));
  }
  headers.emplace_back("content-type", event.content_type);
  return headers;
}

std::string Rfc3339(int64_t unix_ns) {
  int64_t seconds = unix_ns / kSecond, nanos = unix_ns % kSecond;
  if (nanos < 0) {
    nanos += kSecond;
    --seconds;
  }
  const time_t time = static_cast<time_t>(seconds);
  tm utc;
  gmtime_r(&time, &utc);
  char text[64];
  const size_t length = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
  snprintf(text + length, sizeof(text) - length, ".%09lldZ", static_cast<long long>(nanos));
  return text;
}

std::string BootIdText(uint64_t boot_id) {
  char text[17];
  snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(boot_id));
  return text;
}

}  // namespace driftserve
