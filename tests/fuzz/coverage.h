#pragma once

#include <cstdint>

namespace driftserve {

/// Branches that were taken for the first time since the program began. Always 0 where the code was built without
/// -fsanitize-coverage=trace-pc.
uint64_t NewBranches();

}  // namespace driftserve
