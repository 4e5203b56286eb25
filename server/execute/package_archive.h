#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace driftserve {

/// A folder of its own under `parent` ("": the system's folder for temporary files), removed with all it holds at the
/// end of its life.
class TemporaryFolder {
 public:
  static absl::StatusOr<TemporaryFolder> Make(const std::string& parent);
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

/// The native part of an AOTInductor package (.pt2), unpacked.
struct UnpackedPackage {
  std::string library;                          // path of its shared object
  std::map<std::string, std::string> metadata;  // what was stamped when it was compiled
  bool has_kernels = false;                     // a GPU's, in files of their own beside the shared object
};

/// Writes the native part of the package in `bytes` into `folder`: shared object, kernels, metadata; no sources. No
/// code runs. INVALID_ARGUMENT, with `file` in front, when the bytes are no package, or none with a shared object.
absl::StatusOr<UnpackedPackage> UnpackPackage(const std::string& file, const std::string& bytes,
                                              const std::string& folder);

}  // namespace driftserve
