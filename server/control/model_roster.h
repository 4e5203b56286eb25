#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "server/repository/model_control.h"
#include "server/repository/registry.h"

namespace driftserve {

/// Every model that is or was served: its versions, what the index shows of it, and how its loads ended. Thread-safe.
class ModelRoster {
 public:
  using Versions = std::vector<std::shared_ptr<Model>>;

  bool Knows(const std::string& name) const;
  Versions Served(const std::string& name) const;
  Versions AllServed() const;
  void SetServed(const std::string& name, const Versions& models);

  /// Shows `state` for each served version of `name`, or for the model as a whole where none is.
  void Show(const std::string& name, const std::string& state, const std::string& reason);
  /// What is shown as UNLOADING is UNAVAILABLE from now on.
  void ShowUnloaded(const std::string& name);

  /// What is shown of every model, and those of `found` that the roster does not know.
  std::vector<VersionState> Index(const std::vector<std::string>& found) const;
  /// What the registry is to hold.
  std::shared_ptr<const ModelSet> Set() const;

  void CountLoad(const std::string& name, const std::string& outcome, const std::string& reason);
  std::vector<LoadCount> Loads() const;

 private:
  struct Entry {
    Versions served;
    std::vector<VersionState> shown;
  };

  mutable std::mutex mutex_;  // guards everything below
  std::map<std::string, Entry> entries_;
  std::map<std::tuple<std::string, std::string, std::string>, uint64_t> loads_;
};

}  // namespace driftserve
