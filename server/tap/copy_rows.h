#pragma once

#include <cstddef>
#include <cstdint>

#include "server/tap/sample.h"

namespace driftserve {

/// A sample of at most so many bytes is copied even where all its rows are kept: messages that travel to the observer
/// come back when they have long left the serving core's caches, and parsing into them then costs more than the copy.
inline constexpr size_t kSmallSampleBytes = 4096;

/// Copies the kept rows of `sample` into sample.copied_rows where they hold less than a quarter of its byte_size, or all
/// rows where its tensors hold at most kSmallSampleBytes. Lets the tensors (and the rows' positions) point there, sets
/// byte_size to the copied bytes and returns true; the owner of the messages is then not needed any more and stays with
/// the caller. Otherwise changes nothing and returns false.
///
/// REQUIRES: sample.rows ascend by row; byte_size is what handing over the whole would keep alive. `request_rows` is
/// the number of rows of the request. Rows are picked only where the first dimension of every tensor counts rows.
bool CopyKeptRows(int64_t request_rows, Sample& sample);

}  // namespace driftserve
