#pragma once

#include <cstdint>

#include "server/tap/sample.h"

namespace driftserve {

/// Where the kept rows of `sample` hold less than a quarter of its byte_size: copies them into sample.copied_rows, lets
/// the tensors and the rows' positions point there, sets byte_size to the copied bytes and returns true; the owner of
/// the messages is then not needed any more and stays with the caller. Otherwise changes nothing and returns false.
///
/// REQUIRES: sample.rows ascend by row; byte_size is what handing over the whole would keep alive. `request_rows` is
/// the number of rows of the request. Nothing is copied where a tensor's first dimension does not count rows.
bool CopyKeptRows(int64_t request_rows, Sample& sample);

}  // namespace driftserve
