#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "drift/builder.h"
#include "drift/profile/monitor_settings.h"
#include "drift/profile/tensor_types.h"
#include "drift/reference.h"

namespace drift {

struct ProfileInputs {
  MonitorSettings monitor;
  std::optional<ModelTensors> tensors;  // of config.pbtxt; without it the file's own types are taken
  std::vector<std::string> data;        // paths or patterns
  std::string time_column;              // empty: the rows are in no known order
  std::string model_name, model_version;
  int64_t created_ns = 0;
  bool for_one_comparison = false;  // finer cells, no hash, and BuiltProfile::samples
  bool unequal_weights = false;     // of the rows it will be compared with, which need cells for their exact KS
  std::string stratum_column;  // each of its values gets counts of its own, instead of monitor.yaml's strata; then
                               // without fine cells, and not together with time_column
  std::function<void(double done, uint64_t rows)> progress;  // called a few times a second at most; may be empty
};

struct BuiltProfile {
  Reference reference;
  std::shared_ptr<SortedSamples> samples;  // for_one_comparison with equal weights and few rows; else null
  std::vector<std::string> files;
  std::vector<std::string> warnings;  // about types; the summary adds those about the content
};

/// Values of all numeric features together that get cells of their own in a reference for one comparison with rows of
/// unequal weights; features with more than their part get 10 000 cells of equal mass, and KS is exact to a
/// ten-thousandth.
inline constexpr size_t kFinestCells = 2'000'000;

/// Reads the training rows, columns named as the features, predictions and label of monitor.yaml, and counts them.
/// Where strata come from a feature, each listed stratum gets its own counts and all other rows those of "default".
/// Errors name the file, column and row, or the key of monitor.yaml.
absl::StatusOr<BuiltProfile> BuildProfile(const ProfileInputs& inputs);

}  // namespace drift
