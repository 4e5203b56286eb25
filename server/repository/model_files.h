#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace driftserve {

using FileContent = std::shared_ptr<const std::string>;

/// The files of one model, wherever they come from. Names are relative to the model's folder: "config.pbtxt",
/// "1/model.pt". Not thread-safe.
class ModelFiles {
 public:
  virtual ~ModelFiles() = default;

  /// Versions of which there is a folder, ascending.
  virtual std::vector<int64_t> Versions() const = 0;
  /// NOT_FOUND where there is no such file; INVALID_ARGUMENT for one that is no regular file, lies outside the
  /// repository or has more than `limit` bytes.
  virtual absl::StatusOr<FileContent> Read(const std::string& name, int64_t limit) const = 0;
  virtual bool Has(const std::string& name) const = 0;
  /// What messages call the file; of the model as a whole where `name` is empty.
  virtual std::string Place(const std::string& name) const = 0;
};

/// <root>/<model>.
std::unique_ptr<ModelFiles> FolderFiles(const std::string& root, const std::string& model);

/// Files that came with a request, and no others. `files` must outlive it.
std::unique_ptr<ModelFiles> SentFiles(const std::string& model, const std::map<std::string, FileContent>& files);

/// INVALID_ARGUMENT naming each of `files` that is neither "<version>/<file>" nor "monitor.yaml".
absl::Status CheckSentNames(const std::map<std::string, FileContent>& files);

/// A number that changes when a file of the model, to a depth of two folders, is added, removed or written.
uint64_t FolderTrace(const std::string& root, const std::string& model);

}  // namespace driftserve
