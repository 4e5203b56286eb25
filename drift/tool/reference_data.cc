#include "drift/tool/reference_data.h"

#include <algorithm>
#include <filesystem>

#include <xxhash.h>

#include "absl/strings/str_format.h"
#include "drift/profile/monitor_file.h"
#include "drift/profile/reference_file.h"
#include "drift/profile/text.h"
#include "drift/table/table_reader.h"
#include "drift/tool/profile_build.h"

namespace drift {
namespace {

namespace fs = std::filesystem;

/// Every column of the files that is not named otherwise, but for dates, which always move on.
absl::StatusOr<MonitorSettings> MonitorOfColumns(const ReferenceOptions& options, std::vector<std::string>& warnings) {
  const auto columns = TableReader::Columns(options.data);
  if (!columns.ok()) return columns.status();
  MonitorSettings monitor;
  std::vector<std::string> dates;
  for (const StoredColumn& column : *columns) {
    const auto& others = options.not_features;
    if (std::find(others.begin(), others.end(), column.name) != others.end()) continue;
    if (column.is_time) {
      dates.push_back(column.name);
      continue;
    }
    FeatureSpec spec;
    spec.name = column.name;
    monitor.features.push_back(std::move(spec));
  }
  if (!dates.empty()) warnings.push_back(Concat("not compared, as dates always move on: ", JoinNames(dates)));
  if (!monitor.features.empty()) return monitor;
  return absl::InvalidArgumentError(Concat(JoinNames(options.data), ": expected columns to compare, got none"));
}

/// Of everything that rows are compared with. ContentHash() is the same on every platform and for ever, and takes a
/// hundred times as long on fine cells.
std::string HashOf(const Reference& reference) {
  XXH3_state_t* state = XXH3_createState();
  XXH3_128bits_reset(state);
  const auto add = [state](const auto& items) {
    XXH3_128bits_update(state, items.data(), items.size() * sizeof(items[0]));
  };
  for (const FeatureReference& feature : reference.features) {
    add(feature.name);
    add(feature.upper_edges);
    add(feature.cell_counts);
    add(feature.known_hashes);
    for (const std::string& category : feature.categories) add(category);
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(state);
  XXH3_freeState(state);
  return absl::StrFormat("%016x%016x", hash.high64, hash.low64);
}

absl::StatusOr<Reference> ReferenceOfRows(const ReferenceOptions& options, const MonitorSettings& monitor,
                                          std::function<void(double, uint64_t)> progress,
                                          OpenedReference& opened) {
  auto tensors = TensorsBeside(options.monitor, options.model_config);
  if (!tensors.ok()) return tensors.status();
  ProfileInputs inputs;
  inputs.monitor = monitor;
  if (options.features_only) inputs.monitor.predictions.clear();
  if (options.features_only) inputs.monitor.labels.reset();
  inputs.tensors = *std::move(tensors);
  inputs.data = options.data;
  inputs.for_one_comparison = true;
  inputs.unequal_weights = options.unequal_weights;
  inputs.stratum_column = options.stratum_column;
  inputs.progress = std::move(progress);
  if (inputs.tensors) inputs.model_name = inputs.tensors->name;
  auto profile = BuildProfile(inputs);
  if (!profile.ok()) return profile.status();
  profile->reference.hash = HashOf(profile->reference);
  const bool guessed_types = !options.monitor.empty();
  if (guessed_types) {
    opened.warnings.insert(opened.warnings.end(), profile->warnings.begin(), profile->warnings.end());
  }
  opened.samples = std::move(profile->samples);
  return std::move(profile->reference);
}

/// Rows in the place of a profile are a common slip.
absl::Status WithHint(const absl::Status& status) {
  const std::string message(status.message());
  if (message.find("not a reference profile") == message.npos) return status;
  return absl::InvalidArgumentError(Concat(message, "; rows are named with --reference-data"));
}

absl::StatusOr<Reference> ReferenceOfFile(const ReferenceOptions& options, const MonitorSettings& monitor) {
  auto loaded = LoadReference(options.file);
  if (!loaded.ok()) return WithHint(loaded.status());
  const auto keeps = [&options](const FeatureReference& feature) {
    return !options.features_only || feature.role == Role::kFeature;
  };
  if (options.monitor.empty()) return PartOf(*std::move(loaded), keeps);
  if (const absl::Status fits = CheckReferenceFits(*loaded, monitor); !fits.ok()) {
    return absl::FailedPreconditionError(
        Concat(options.file, " is not the reference of ", options.monitor, ":\n", std::string(fits.message())));
  }
  const auto tensors = TensorsBeside(options.monitor, options.model_config);
  if (!tensors.ok()) return tensors.status();
  const std::string name = *tensors ? (*tensors)->name : "";
  if (!name.empty() && !loaded->model_name.empty() && name != loaded->model_name) {
    return absl::FailedPreconditionError(Concat(options.file, ": expected the reference of model '", name, "', as ",
                                                options.monitor, "'s config.pbtxt says, got one of '",
                                                loaded->model_name, "'"));
  }
  return PartOf(*std::move(loaded), keeps);
}

}  // namespace

absl::StatusOr<std::optional<ModelTensors>> TensorsBeside(const std::string& monitor,
                                                          const std::string& model_config) {
  const std::string beside = fs::path(monitor).parent_path() / "config.pbtxt";
  std::error_code ignored;
  if (model_config.empty() && (monitor.empty() || !fs::exists(beside, ignored))) return std::nullopt;
  auto tensors = LoadModelTensors(model_config.empty() ? beside : model_config);
  if (!tensors.ok()) return tensors.status();
  return std::optional<ModelTensors>(*std::move(tensors));
}

absl::StatusOr<OpenedReference> OpenReference(const ReferenceOptions& options,
                                              std::function<void(double, uint64_t)> progress) {
  if (options.file.empty() == options.data.empty()) {
    return absl::InvalidArgumentError(Concat("expected either --reference, a profile, or --reference-data, rows; got ",
                                             options.file.empty() ? "neither" : "both"));
  }
  OpenedReference opened;
  if (!options.monitor.empty()) {
    auto monitor = LoadMonitor(options.monitor);
    if (!monitor.ok()) return monitor.status();
    opened.monitor = *std::move(monitor);
    opened.monitor_file = options.monitor;
  } else if (options.file.empty()) {
    auto monitor = MonitorOfColumns(options, opened.warnings);
    if (!monitor.ok()) return monitor.status();
    opened.monitor = *std::move(monitor);
  }
  auto reference = options.file.empty()
                       ? ReferenceOfRows(options, opened.monitor, std::move(progress), opened)
                       : ReferenceOfFile(options, opened.monitor);
  if (!reference.ok()) return reference.status();
  opened.source = options.file.empty() ? JoinNames(options.data) : options.file;
  opened.reference = std::make_shared<const Reference>(*std::move(reference));
  return opened;
}

}  // namespace drift
