#pragma once

#include <memory>

#include "server/execute/executor.h"

namespace driftserve {

/// Serves `requests` equal requests of one row of eight FP32 values with `graph`, one after another and without a
/// network: parsed from bytes, decoded, admitted, run as a batch of one, encoded, serialised and tapped, with messages
/// used again as the server does. A hundred more come first, to warm. Prints "allocations N": how often the heap was
/// asked; callgrind, where it runs this, counts from the same moment on. Returns an exit code.
int ServeRequests(std::unique_ptr<Graph> graph, int requests);

}  // namespace driftserve
