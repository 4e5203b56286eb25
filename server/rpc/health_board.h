#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace driftserve {

/// Somebody who wants to know when the board changes.
class HealthListener {
 public:
  virtual ~HealthListener() = default;
  /// Called on the thread that changed the board, under the board's lock: must not call the board or wait.
  virtual void OnHealthChanged() = 0;
};

/// Which services serve: "" stands for the whole server, and there is one per model name. Thread-safe.
class HealthBoard {
 public:
  /// Nothing for an unknown service.
  std::optional<bool> Serving(const std::string& service) const;
  void Set(const std::string& service, bool serving);
  /// Every service stops serving, and every watcher is told to end its stream.
  void Close();
  bool closed() const;

  void Add(HealthListener* listener);
  void Remove(HealthListener* listener);

 private:
  mutable std::mutex mutex_;  // guards everything below
  std::map<std::string, bool> serving_;
  std::set<HealthListener*> listeners_;
  bool closed_ = false;
};

}  // namespace driftserve
