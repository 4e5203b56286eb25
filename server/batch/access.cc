#include "server/batch/access.h"

#include <algorithm>
#include <utility>

namespace driftserve {
namespace {

/// The stratum of all rows; empty where the model is not watched, or the rows are of several.
std::string StratumOf(const Inference& inference) {
  if (inference.model == nullptr || inference.model->watched == nullptr || inference.decoded.strata.empty()) return {};
  const auto& strata = inference.decoded.strata;
  if (std::any_of(strata.begin(), strata.end(), [&](int stratum) { return stratum != strata[0]; })) return {};
  return inference.model->watched->rule().stratum(strata[0]).name;
}

}  // namespace

void LogAnswered(const Inference& inference, const std::string& model_name, absl::StatusCode code, int64_t start_ns,
                 int64_t end_ns, int64_t unix_ns, AccessLogProducer& log) {
  const int64_t total_ns = end_ns - inference.accepted_ns;
  if (!log.Wants(inference.sequence, total_ns)) return;
  AccessEntry entry;
  entry.time_ns = unix_ns;
  entry.method = kMethodNames[static_cast<size_t>(inference.method)];
  entry.code = code;
  entry.model_name = model_name;
  if (inference.model != nullptr) entry.model_version = inference.model->version_text;
  entry.request_id = inference.request_id;
  entry.peer = inference.Peer();
  entry.traceparent = inference.Traceparent();
  entry.stratum = StratumOf(inference);
  entry.rows = inference.decoded.rows;
  entry.queue_us = (start_ns - inference.accepted_ns) / 1000;
  entry.execute_us = (end_ns - start_ns) / 1000;
  entry.total_us = total_ns / 1000;
  entry.slow = log.IsSlow(total_ns);
  log.Offer(std::move(entry));
}

}  // namespace driftserve
