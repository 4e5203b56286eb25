#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "server/access_log/access_log.h"
#include "server/batch/inference.h"

namespace driftserve {

/// Puts one answered request into the access log, where the log wants it. REQUIRES: before Send, which may end the
/// call. `start_ns` is when its batch began and `end_ns` when it was answered, monotonic, equal where it did not run;
/// `unix_ns` is now.
void LogAnswered(const Inference& inference, const std::string& model_name, absl::StatusCode code, int64_t start_ns,
                 int64_t end_ns, int64_t unix_ns, AccessLogProducer& log);

}  // namespace driftserve
