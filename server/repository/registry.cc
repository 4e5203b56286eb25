#include "server/repository/registry.h"

#include <iterator>
#include <optional>

#include "absl/status/status.h"
#include "server/base/hash.h"
#include "server/base/text.h"

namespace driftserve {
namespace {

constexpr uint64_t kCanarySeed = 0x63616e617279;  // other than that of sampling, which must not follow the version

template <typename Map, typename Text>
std::string Keys(const Map& map, Text&& text) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map) keys.push_back(text(key));
  return Join(keys, ", ");
}

}  // namespace

absl::StatusOr<std::shared_ptr<Model>> ModelSet::Find(std::string_view name, std::string_view version) const {
  const auto versions = models.find(name);
  if (versions == models.end() || versions->second.empty()) {
    if (not_loaded.find(name) != not_loaded.end()) {
      return absl::UnavailableError(Concat("model '", name, "' is not loaded"));
    }
    if (models.empty()) return absl::NotFoundError(Concat("no model is called '", name, "'; none is served"));
    return absl::NotFoundError(Concat("no model is called '", name, "'; expected one of: ",
                                      Keys(models, [](const std::string& key) { return key; })));
  }
  if (version.empty()) return versions->second.rbegin()->second;
  const std::optional<int64_t> number = ParseWhole<int64_t>(version);
  if (!number) {
    return absl::InvalidArgumentError(Concat("model_version: expected a whole number or nothing, got '", version, "'"));
  }
  const auto model = versions->second.find(*number);
  if (model != versions->second.end()) return model->second;
  return absl::NotFoundError(Concat("model '", name, "' has no version ", version, "; expected one of: ",
                                    Keys(versions->second, [](int64_t key) { return std::to_string(key); })));
}

absl::StatusOr<std::shared_ptr<Model>> ModelSet::Choose(std::string_view name, std::string_view request_id) const {
  absl::StatusOr<std::shared_ptr<Model>> newest = Find(name, "");
  if (!newest.ok()) return newest;
  const std::map<int64_t, std::shared_ptr<Model>>& versions = models.find(name)->second;
  const double share = (*newest)->settings.canary_share;
  if (share >= 1 || versions.size() < 2) return newest;
  const double place = static_cast<double>(Hash64(request_id, kCanarySeed)) * 0x1p-64;
  return place < share ? newest : std::next(versions.rbegin())->second;
}

std::shared_ptr<const ModelSet> Registry::Current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void Registry::Publish(std::shared_ptr<const ModelSet> models) {
  {
    const std::lock_guard lock(mutex_);
    // The old set goes after the lock: it may be the last to hold a model.
    current_.swap(models);
    generation_.fetch_add(1, std::memory_order_release);
  }
}

}  // namespace driftserve
