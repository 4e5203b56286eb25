#pragma once

#include <string>

#include <ATen/Parallel.h>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "server/base/text.h"
#include "server/execute/executor.h"

namespace driftserve {

/// What a graph of any kind asks of the items that it is to run; `model` goes before the message.
inline absl::Status CheckItems(absl::Span<const BatchItem> items, bool batches, const std::string& model) {
  if (!items.empty() && (batches || items.size() == 1)) return absl::OkStatus();
  return absl::InternalError(Concat(model, ": expected ", batches ? "at least" : "exactly",
                                    " one request in a batch, got ", items.size()));
}

/// Makes this thread's runs use so many threads: the number of OpenMP's threads belongs to each calling thread.
inline void UseIntraOpThreads(int threads) {
  thread_local int used = 0;
  if (used == threads) return;
  used = threads;
  at::set_num_threads(used);
}

}  // namespace driftserve
