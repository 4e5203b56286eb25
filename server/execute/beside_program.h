#pragma once

#include <string>

namespace driftserve {

/// dlopen of a library that lies beside the program, or in the `lib` folder beside its own; null where it is in
/// neither, or does not load, which dlerror then explains.
void* OpenBesideProgram(const std::string& library, int flags);

}  // namespace driftserve
