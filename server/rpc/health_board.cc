#include "server/rpc/health_board.h"

namespace driftserve {

std::optional<bool> HealthBoard::Serving(const std::string& service) const {
  std::lock_guard lock(mutex_);
  const auto found = serving_.find(service);
  if (found == serving_.end()) return std::nullopt;
  return found->second;
}

void HealthBoard::Set(const std::string& service, bool serving) {
  std::lock_guard lock(mutex_);
  serving_[service] = serving && !closed_;
  for (HealthListener* listener : listeners_) listener->OnHealthChanged();
}

void HealthBoard::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  for (auto& [service, serving] : serving_) serving = false;
  for (HealthListener* listener : listeners_) listener->OnHealthChanged();
}

bool HealthBoard::closed() const {
  std::lock_guard lock(mutex_);
  return closed_;
}

void HealthBoard::Add(HealthListener* listener) {
  std::lock_guard lock(mutex_);
  listeners_.insert(listener);
}

void HealthBoard::Remove(HealthListener* listener) {
  std::lock_guard lock(mutex_);
  listeners_.erase(listener);
}

}  // namespace driftserve
