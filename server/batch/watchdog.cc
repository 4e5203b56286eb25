#include "server/batch/watchdog.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/base/text.h"

namespace driftserve {

void Watchdog::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Watchdog::Stop() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

void Watchdog::Run() {
  pthread_setname_np(pthread_self(), "watchdog");
  const std::chrono::nanoseconds interval(std::clamp<int64_t>(settings_.limit_ns / 4, 10'000'000, 1'000'000'000));
  while (true) {
    {
      std::unique_lock lock(mutex_);
      if (stop_.wait_for(lock, interval, [this] { return stopping_; })) return;
    }
    Look();
  }
}

void Watchdog::Look() {
  const int64_t now_ns = settings_.clock->MonotonicNanos();
  const std::shared_ptr<const ModelSet> served = settings_.registry->Current();
  Runs runs;
  std::set<std::string> hanging;
  for (const auto& [name, versions] : served->models) {
    for (const auto& [number, model] : versions) {
      if (NoteRuns(*model, now_ns, runs)) hanging.insert(name);
    }
  }
  runs_ = std::move(runs);
  Tell(hanging, *served);
}

bool Watchdog::NoteRuns(Model& model, int64_t now_ns, Runs& hanging) const {
  bool any = false;
  for (size_t thread = 0; thread < model.counters.slots().size(); ++thread) {
    ServingSlot& slot = model.counters.slot(thread);
    const uint64_t since = slot.running_since_ns.Read();
    if (since == 0 || now_ns - static_cast<int64_t>(since) < settings_.limit_ns) continue;
    any = true;
    hanging[&slot] = since;
    const auto before = runs_.find(&slot);
    if (before == runs_.end() || before->second != since) slot.hung_runs.Add();
  }
  return any;
}

void Watchdog::Tell(const std::set<std::string>& hanging, const ModelSet& served) {
  std::set<std::string> before;
  {
    std::lock_guard lock(mutex_);
    before = std::exchange(hanging_, hanging);
  }
  if (before == hanging) return;
  for (const std::string& name : hanging) {
    if (before.count(name) != 0) continue;
    settings_.log(LogLevel::kError, Concat("model '", name, "' has not returned from a run for ",
                                           settings_.limit_ns / 1'000'000, " ms: not ready until it does"));
    settings_.set_health(name, false);
  }
  for (const std::string& name : before) {
    if (hanging.count(name) != 0 || served.models.find(name) == served.models.end()) continue;
    settings_.log(LogLevel::kWarning, Concat("model '", name, "' has returned from the run that hung"));
    settings_.set_health(name, true);
  }
  if (before.empty() != hanging.empty()) settings_.set_health("", hanging.empty());
}

bool Watchdog::Hangs(const std::string& model) const {
  std::lock_guard lock(mutex_);
  return hanging_.count(model) != 0;
}

std::string Watchdog::Complaint() const {
  std::lock_guard lock(mutex_);
  std::string text;
  for (const std::string& name : hanging_) {
    AppendPiece(text, Concat(text.empty() ? "" : "; ", "model '", name, "' has not returned from a run"));
  }
  return text;
}

}  // namespace driftserve
