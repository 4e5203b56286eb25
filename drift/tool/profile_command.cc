#include "drift/tool/profile_command.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "drift/profile/monitor_file.h"
#include "drift/profile/reference_file.h"
#include "drift/profile/text.h"
#include "drift/tool/profile_build.h"
#include "drift/tool/profile_summary.h"
#include "drift/tool/progress_bar.h"

namespace drift {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSecondNs = 1'000'000'000;

/// When the newest of the files was written: the same rows make the same profile, with the same hash.
int64_t NewestWriteNs(const std::vector<std::string>& files) {
  int64_t newest = 0;
  for (const std::string& file : files) {
    struct stat status;
    if (stat(file.c_str(), &status) == 0) newest = std::max(newest, int64_t{status.st_mtim.tv_sec} * kSecondNs);
  }
  return newest;
}

std::string FolderName(const std::string& path) {
  std::error_code ignored;
  return fs::absolute(path, ignored).parent_path().filename().string();
}

/// The model's tensors; nothing where no configuration was named and none lies beside monitor.yaml.
absl::StatusOr<std::optional<ModelTensors>> TensorsFor(const ProfileOptions& options) {
  const std::string beside = fs::path(options.monitor).parent_path() / "config.pbtxt";
  std::error_code ignored;
  if (options.model_config.empty() && !fs::exists(beside, ignored)) return std::nullopt;
  auto tensors = LoadModelTensors(options.model_config.empty() ? beside : options.model_config);
  if (!tensors.ok()) return tensors.status();
  return std::optional<ModelTensors>(*std::move(tensors));
}

void SetNames(const ProfileOptions& options, ProfileInputs& inputs) {
  inputs.model_name = options.model_name;
  if (inputs.model_name.empty() && inputs.tensors) inputs.model_name = inputs.tensors->name;
  if (inputs.model_name.empty()) inputs.model_name = FolderName(options.monitor);
  inputs.model_version = options.model_version;
  const std::string folder = FolderName(options.out);
  const bool number = !folder.empty() && folder.find_first_not_of("0123456789") == std::string::npos;
  if (inputs.model_version.empty() && number) inputs.model_version = folder;
}

absl::StatusOr<BuiltProfile> MakeProfile(const ProfileOptions& options, const Console& console,
                                         MonitorSettings& monitor) {
  auto read = LoadMonitor(options.monitor);
  if (!read.ok()) return read.status();
  auto tensors = TensorsFor(options);
  if (!tensors.ok()) return tensors.status();
  ProfileInputs inputs;
  inputs.monitor = monitor = *std::move(read);
  inputs.tensors = *std::move(tensors);
  inputs.data = options.data;
  inputs.time_column = options.time_column;
  SetNames(options, inputs);
  const ShowProgress by_itself = options.quiet ? ShowProgress::kNever : ShowProgress::kOnTerminal;
  ProgressBar reading(console, "reading rows", options.progress ? ShowProgress::kAlways : by_itself);
  inputs.progress = [&reading](double done, uint64_t rows) { reading.Show(done, rows); };
  auto profile = BuildProfile(inputs);
  reading.Clear();
  if (!profile.ok()) return profile.status();
  profile->reference.created_ns =
      options.created_unix_s ? *options.created_unix_s * kSecondNs : NewestWriteNs(profile->files);
  profile->reference.hash = ContentHash(profile->reference);
  return profile;
}

}  // namespace

int RunProfile(const ProfileOptions& options, const Console& console) {
  MonitorSettings monitor;
  const auto profile = MakeProfile(options, console, monitor);
  if (!profile.ok()) return Complain(console, "profile", profile.status());
  const Reference& reference = profile->reference;
  if (const absl::Status saved = SaveReference(reference, options.out); !saved.ok()) {
    return Complain(console, "profile", saved);
  }
  std::error_code ignored;
  const auto bytes = static_cast<size_t>(fs::file_size(options.out, ignored));
  ProfileSummary summary = Summarise(reference, monitor.thresholds, bytes);
  summary.warnings.insert(summary.warnings.begin(), profile->warnings.begin(), profile->warnings.end());
  if (options.json) {
    console.out << SummaryJson(reference, summary, options.out);
  } else if (!options.quiet) {
    console.out << SummaryTable(summary) << "\n"
        << Concat(options.out, ": ", reference.rows, " rows, ", reference.strata.size(), " strata, ", bytes,
                  " bytes, hash ", reference.hash, "\n");
  }
  Warn(console, summary.warnings);
  return kDone;
}

}  // namespace drift
