#pragma once

#include <cstdint>
#include <cstring>
#include <string>

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

inline int64_t TotalRows(absl::Span<const BatchItem> items) {
  int64_t rows = 0;
  for (const BatchItem& item : items) rows += item.rows;
  return rows;
}

/// Copies all items' parts of input number `input`, one after the other; returns the end of what was written.
inline char* CopyItems(absl::Span<const BatchItem> items, size_t input, char* to) {
  for (const BatchItem& item : items) {
    const TensorView& view = (*item.inputs)[input];
    if (view.byte_size != 0) std::memcpy(to, view.bytes, view.byte_size);
    to += view.byte_size;
  }
  return to;
}

}  // namespace driftserve
