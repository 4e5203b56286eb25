#include "server/repository/version_folders.h"

#include <algorithm>
#include <filesystem>

#include "absl/status/status.h"
#include "server/base/text.h"

namespace driftserve {

std::vector<int64_t> ListVersions(const std::string& model_folder) {
  std::vector<int64_t> versions;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(model_folder, error)) {
    const std::string name = entry.path().filename().string();
    const auto number = ParseWhole<int64_t>(name);
    if (number && *number >= 1 && name.front() != '0' && entry.is_directory(error)) versions.push_back(*number);
  }
  std::sort(versions.begin(), versions.end());
  return versions;
}

absl::StatusOr<std::vector<int64_t>> ChooseVersions(const inference::ModelVersionPolicy& policy,
                                                    const std::vector<int64_t>& found, const std::string& where) {
  if (found.empty()) {
    return absl::InvalidArgumentError(
        Concat(where, ": expected at least one version, a folder named by a number from 1"));
  }
  if (policy.has_all()) return found;
  if (policy.has_specific()) {
    std::vector<int64_t> chosen(policy.specific().versions().begin(), policy.specific().versions().end());
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    if (chosen.empty()) return absl::InvalidArgumentError(Concat(where, ": version_policy.specific names no versions"));
    for (const int64_t version : chosen) {
      if (!std::binary_search(found.begin(), found.end(), version)) {
        return absl::InvalidArgumentError(
            Concat(where, ": version_policy.specific names version ", version, ", there are ", Join(found, ", ")));
      }
    }
    return chosen;
  }
  const size_t count = std::max<size_t>(policy.latest().num_versions(), 1);
  return std::vector<int64_t>(found.end() - static_cast<ptrdiff_t>(std::min(count, found.size())), found.end());
}

}  // namespace driftserve
