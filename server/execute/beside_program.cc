#include "server/execute/beside_program.h"

#include <dlfcn.h>

#include <filesystem>

namespace driftserve {

void* OpenBesideProgram(const std::string& library, int flags) {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (const std::filesystem::path& place : {program, program.parent_path() / "lib"}) {
    const std::filesystem::path file = place / library;
    if (std::filesystem::exists(file, error)) return dlopen(file.c_str(), flags);
  }
  return nullptr;
}

}  // namespace driftserve
