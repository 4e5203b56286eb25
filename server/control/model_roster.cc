#include "server/control/model_roster.h"

namespace driftserve {

bool ModelRoster::Knows(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return entries_.count(name) > 0;
}

ModelRoster::Versions ModelRoster::Served(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  return found == entries_.end() ? Versions() : found->second.served;
}

ModelRoster::Versions ModelRoster::AllServed() const {
  const std::lock_guard lock(mutex_);
  Versions all;
  for (const auto& [name, entry] : entries_) all.insert(all.end(), entry.served.begin(), entry.served.end());
  return all;
}

void ModelRoster::SetServed(const std::string& name, const Versions& models) {
  const std::lock_guard lock(mutex_);
  entries_[name].served = models;
}

void ModelRoster::Show(const std::string& name, const std::string& state, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[name];
  entry.shown.clear();
  for (const std::shared_ptr<Model>& model : entry.served) {
    entry.shown.push_back({name, model->version_text, state, reason});
  }
  if (entry.shown.empty()) entry.shown.push_back({name, "", state, reason});
}

void ModelRoster::ShowUnloaded(const std::string& name) {
  const std::lock_guard lock(mutex_);
  for (VersionState& state : entries_[name].shown) {
    if (state.state != "UNLOADING") continue;
    state.state = "UNAVAILABLE";
    state.reason = "unloaded";
  }
}

std::vector<VersionState> ModelRoster::Index(const std::vector<std::string>& found) const {
  std::vector<VersionState> states;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, entry] : entries_) states.insert(states.end(), entry.shown.begin(), entry.shown.end());
  for (const std::string& name : found) {
    if (entries_.count(name) == 0) states.push_back({name, "", "UNAVAILABLE", "not loaded"});
  }
  return states;
}

std::shared_ptr<const ModelSet> ModelRoster::Set() const {
  auto set = std::make_shared<ModelSet>();
  const std::lock_guard lock(mutex_);
  for (const auto& [name, entry] : entries_) {
    for (const std::shared_ptr<Model>& model : entry.served) set->models[name][model->version] = model;
    if (entry.served.empty()) set->not_loaded.insert(name);
  }
  return set;
}

void ModelRoster::CountLoad(const std::string& name, const std::string& outcome, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  ++loads_[{name, outcome, reason}];
}

std::vector<LoadCount> ModelRoster::Loads() const {
  const std::lock_guard lock(mutex_);
  std::vector<LoadCount> loads;
  for (const auto& [key, count] : loads_) {
    const auto& [name, outcome, reason] = key;
    loads.push_back({name, outcome, reason, count});
  }
  return loads;
}

}  // namespace driftserve
