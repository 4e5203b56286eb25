#include "drift/tool/watch_models.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "drift/profile/monitor_file.h"
#include "drift/profile/reference_file.h"
#include "drift/profile/text.h"

namespace drift {
namespace {

namespace fs = std::filesystem;

using Versions = std::vector<std::unique_ptr<WatchedVersion>>;

absl::Status Open(const std::string& reference_file, const std::optional<MonitorSettings>& monitor, int64_t created_ns,
                  Versions& versions, std::vector<std::string>& notes) {
  const auto reference = LoadReference(reference_file);
  if (!reference.ok()) return reference.status();
  if (monitor) {
    const absl::Status fits = CheckReferenceFits(*reference, *monitor);
    if (!fits.ok()) return absl::FailedPreconditionError(Concat(reference_file, ": ", fits.message()));
  }
  for (const auto& other : versions) {
    const Reference& known = other->reference();
    if (known.model_name == reference->model_name && known.model_version == reference->model_version) {
      return absl::InvalidArgumentError(Concat(reference_file, ": version ", known.model_version, " of model '",
                                               known.model_name, "' is watched already, by another reference"));
    }
  }
  auto version = std::make_unique<WatchedVersion>(*reference, monitor ? &*monitor : nullptr, created_ns);
  const std::string which = Concat("model '", reference->model_name, "' version ", reference->model_version);
  if (version->reference().features.empty()) {
    return absl::InvalidArgumentError(Concat(reference_file, ": ", which, ": records hold none of its features as "
                                             "they were; change record.fields in monitor.yaml"));
  }
  if (!version->left_out().empty()) {
    notes.push_back(Concat(which, ": not watched, as records do not hold it as it was: ",
                           JoinNames(version->left_out())));
  }
  versions.push_back(std::move(version));
  return absl::OkStatus();
}

// Folders in `folder`, by name, so that the order is the same everywhere.
std::vector<fs::path> FoldersIn(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.is_directory(ignored)) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

absl::Status OpenRepository(const std::string& repository, int64_t created_ns, Versions& versions,
                            std::vector<std::string>& notes) {
  std::error_code ignored;
  for (const fs::path& model : FoldersIn(repository)) {
    const fs::path monitor_file = model / "monitor.yaml";
    if (!fs::exists(monitor_file, ignored)) continue;  // served and not watched
    auto monitor = LoadMonitor(monitor_file);
    if (!monitor.ok()) return monitor.status();
    const std::optional<MonitorSettings> settings = *std::move(monitor);
    for (const fs::path& version : FoldersIn(model)) {
      const fs::path reference = version / "reference.pb";
      if (!fs::exists(reference, ignored)) continue;
      const absl::Status opened = Open(reference, settings, created_ns, versions, notes);
      if (!opened.ok()) return opened;
    }
  }
  if (!versions.empty()) return absl::OkStatus();
  return absl::NotFoundError(Concat(repository, ": expected <model>/monitor.yaml and <model>/<version>/reference.pb, ",
                                    "found no model with both"));
}

}  // namespace

absl::StatusOr<Versions> OpenWatched(const WatchedModels& models, int64_t created_ns,
                                     std::vector<std::string>& notes) {
  if (models.references.empty() == models.model_repository.empty()) {
    return absl::InvalidArgumentError("expected --reference or --model-repository, one of them");
  }
  Versions versions;
  if (!models.model_repository.empty()) {
    if (!models.monitor.empty()) {
      return absl::InvalidArgumentError("--monitor is for --reference: a model repository has its own");
    }
    const absl::Status opened = OpenRepository(models.model_repository, created_ns, versions, notes);
    if (!opened.ok()) return opened;
    return versions;
  }
  std::optional<MonitorSettings> monitor;
  if (!models.monitor.empty()) {
    auto read = LoadMonitor(models.monitor);
    if (!read.ok()) return read.status();
    monitor = *std::move(read);
  }
  for (const std::string& reference : models.references) {
    const absl::Status opened = Open(reference, monitor, created_ns, versions, notes);
    if (!opened.ok()) return opened;
  }
  return versions;
}

}  // namespace drift
