#pragma once

#include <memory>

#include "server/execute/executor.h"

namespace driftserve {

/// Sends files called .pt2 to `package`, all others to `archive`. Devices are those of `archive`.
std::unique_ptr<Loader> MakeModelLoader(std::unique_ptr<Loader> archive, std::unique_ptr<Loader> package);

/// Whether the file holds native code.
bool IsPackage(std::string_view file);

}  // namespace driftserve
