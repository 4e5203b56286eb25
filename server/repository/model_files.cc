#include "server/repository/model_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include "server/base/hash.h"
#include "server/base/text.h"
#include "server/repository/model_file.h"
#include "server/repository/version_folders.h"

namespace driftserve {
namespace {

class Folder : public ModelFiles {
 public:
  Folder(const std::string& root, const std::string& model) : root_(root), folder_(Concat(root, "/", model)) {}

  std::vector<int64_t> Versions() const override { return ListVersions(folder_); }
  absl::StatusOr<FileContent> Read(const std::string& name, int64_t limit) const override {
    return ReadInside(root_, Place(name), limit);
  }
  bool Has(const std::string& name) const override {
    std::error_code error;
    return std::filesystem::exists(Place(name), error);
  }
  std::string Place(const std::string& name) const override {
    return name.empty() ? folder_ : Concat(folder_, "/", name);
  }

 private:
  const std::string root_;
  const std::string folder_;
};

// Nothing for a name that is not "<version>/<file>".
std::optional<int64_t> VersionOf(std::string_view name) {
  const size_t slash = name.find('/');
  if (slash == name.npos) return std::nullopt;
  const std::string_view folder = name.substr(0, slash), file = name.substr(slash + 1);
  const std::optional<int64_t> version = ParseWhole<int64_t>(folder);
  if (!version || *version < 1 || folder.front() == '0') return std::nullopt;
  if (file.empty() || file == "." || file == ".." || file.find('/') != file.npos) return std::nullopt;
  return version;
}

class Sent : public ModelFiles {
 public:
  Sent(const std::string& model, const std::map<std::string, FileContent>& files) : model_(model), files_(files) {}

  std::vector<int64_t> Versions() const override {
    std::set<int64_t> versions;
    for (const auto& [name, content] : files_) {
      if (const std::optional<int64_t> version = VersionOf(name)) versions.insert(*version);
    }
    return {versions.begin(), versions.end()};
  }
  absl::StatusOr<FileContent> Read(const std::string& name, int64_t limit) const override {
    const auto found = files_.find(name);
    if (found == files_.end()) return absl::NotFoundError(Concat(Place(name), ": not among the files of the request"));
    if (static_cast<int64_t>(found->second->size()) <= limit) return found->second;
    return absl::InvalidArgumentError(
        Concat(Place(name), ": expected at most ", limit, " bytes, it has ", found->second->size()));
  }
  bool Has(const std::string& name) const override { return files_.count(name) > 0; }
  std::string Place(const std::string& name) const override {
    return name.empty() ? Concat("model '", model_, "' of the request") : Concat(model_, ": file:", name);
  }

 private:
  const std::string model_;
  const std::map<std::string, FileContent>& files_;
};

void AddTrace(const std::filesystem::path& path, uint64_t& trace) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return;
  // Listed in no order: a sum does not ask for one.
  uint64_t entry = Hash64(path.string(), static_cast<uint64_t>(status.st_ino));
  // A folder's own time says nothing that its entries do not say.
  if (!S_ISDIR(status.st_mode)) {
    entry = Hash64(entry, static_cast<uint64_t>(status.st_size), 0);
    entry = Hash64(entry, static_cast<uint64_t>(status.st_mtim.tv_sec), static_cast<uint64_t>(status.st_mtim.tv_nsec));
  }
  trace += entry;
}

}  // namespace

std::unique_ptr<ModelFiles> FolderFiles(const std::string& root, const std::string& model) {
  return std::make_unique<Folder>(root, model);
}

std::unique_ptr<ModelFiles> SentFiles(const std::string& model, const std::map<std::string, FileContent>& files) {
  return std::make_unique<Sent>(model, files);
}

absl::Status CheckSentNames(const std::map<std::string, FileContent>& files) {
  std::vector<std::string> faults;
  for (const auto& [name, content] : files) {
    if (name == "monitor.yaml" || VersionOf(name)) continue;
    faults.push_back(
        Concat("parameters: expected `file:<version>/<name>` or `file:monitor.yaml`, got `file:", name, "`"));
  }
  return faults.empty() ? absl::OkStatus() : absl::InvalidArgumentError(Join(faults, "\n"));
}

uint64_t FolderTrace(const std::string& root, const std::string& model) {
  uint64_t trace = 0;
  std::error_code error;
  const std::filesystem::path folder = Concat(root, "/", model);
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    AddTrace(entry.path(), trace);
    if (!entry.is_directory(error)) continue;
    for (const auto& inner : std::filesystem::directory_iterator(entry.path(), error)) AddTrace(inner.path(), trace);
  }
  return trace;
}

}  // namespace driftserve
