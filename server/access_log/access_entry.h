#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace driftserve {

/// One answered request as the access log has it.
struct AccessEntry {
  int64_t time_ns = 0;  // Unix, of the answer
  const char* method = "";
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string model_name;     // as asked for
  std::string model_version;  // empty where no model was found
  std::string request_id;
  std::string peer;
  std::string traceparent;  // W3C, as it came
  std::string stratum;      // empty where there is none, or rows of several
  int64_t rows = 0;        // or labels
  int64_t queue_us = 0;    // from accepted to the start of the batch, or to the refusal
  int64_t execute_us = 0;  // the batch
  int64_t total_us = 0;
  bool slow = false;  // took at least access_log.slow_ms
};

/// The trace id of a W3C traceparent of version 00, 32 hexadecimal digits; empty where the text is none.
std::string TraceId(const std::string& traceparent);

/// Appends the entry as one line of JSON. What the caller chose is cut at 200 bytes, and bytes that are not UTF-8 are
/// replaced: the line can always be read.
void AppendLine(const AccessEntry& entry, std::string& lines);

}  // namespace driftserve
