#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/repository/model.h"

namespace driftserve {

/// The models that are served now, as one immutable picture.
struct ModelSet {
  /// By name, then by version, ascending.
  std::map<std::string, std::map<int64_t, std::shared_ptr<Model>>, std::less<>> models;

  /// Known, and not served: being loaded, unloaded, or never loaded well.
  std::set<std::string, std::less<>> not_loaded;

  /// `version` empty: the newest. NOT_FOUND names what is served instead; UNAVAILABLE for a model that is known and not
  /// loaded; INVALID_ARGUMENT where the version is not a number.
  absl::StatusOr<std::shared_ptr<Model>> Find(std::string_view name, std::string_view version) const;

  /// What answers a request that names no version: the newest, or, while that is a canary, one of the newest two by a
  /// hash of the request's id, so that a request that is sent again and its labels meet the same one. Errors as Find.
  absl::StatusOr<std::shared_ptr<Model>> Choose(std::string_view name, std::string_view request_id) const;
};

/// The current ModelSet. Thread-safe; readers on the hot path use a RegistryReader, which locks only after a change.
class Registry {
 public:
  std::shared_ptr<const ModelSet> Current() const;
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  /// Makes `models` what is served. In-flight requests keep their own model alive.
  void Publish(std::shared_ptr<const ModelSet> models);

 private:
  mutable std::mutex mutex_;  // guards current_
  std::shared_ptr<const ModelSet> current_ = std::make_shared<ModelSet>();
  std::atomic<uint64_t> generation_{0};
};

/// One thread's reading of a registry: an atomic load while nothing changes.
class RegistryReader {
 public:
  explicit RegistryReader(const Registry* registry) : registry_(registry) {}

  const ModelSet& models() {
    const uint64_t generation = registry_->generation();
    if (current_ == nullptr || generation != seen_) {
      current_ = registry_->Current();
      seen_ = generation;
    }
    return *current_;
  }

 private:
  const Registry* registry_;
  std::shared_ptr<const ModelSet> current_;
  uint64_t seen_ = 0;
};

}  // namespace driftserve
