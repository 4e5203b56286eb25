#include "server/control/serving_host.h"

#include <future>
#include <utility>

#include "server/base/text.h"
#include "server/execute/async_graph.h"
#include "server/repository/warm.h"

namespace driftserve {

void RequestTotals::Add(const ServingCounters& counters) {
  for (const ServingSlot& slot : counters.slots()) {
    for (const auto& codes : slot.requests) {
      answered += codes[0].Read();
      for (size_t code = 1; code < kCodeCount; ++code) failed += codes[code].Read();
    }
  }
}

absl::Status ServingHost::Prepare(const std::shared_ptr<Model>& model) {
  const absl::Status status = model->run_inline ? WarmOnPollers(*model) : StartInstances(model);
  if (!status.ok() || !settings_.log) return status;
  WarnOfRecordings(*model);
  const std::string where =
      model->run_inline ? "runs on the pollers" : Concat("runs on ", model->instance_graphs.size(), " instances");
  settings_.log(LogLevel::kInfo, Concat("model '", model->settings.name, "' version ", model->version_text, ": ", where,
                                        model->watched != nullptr ? ", watched" : ", not watched"));
  return status;
}

// REQUIRES: the instances have warmed, and no request has reached them.
void ServingHost::WarnOfRecordings(const Model& model) const {
  for (const std::unique_ptr<Graph>& graph : model.instance_graphs) {
    AsyncGraph* const device = graph->async();
    if (device == nullptr || device->statistics().failed_recordings == 0) continue;
    const DeviceStatistics& statistics = device->statistics();
    settings_.log(LogLevel::kWarning,
                  Concat("model '", model.settings.name, "': ", statistics.failed_recordings, " of ",
                         model.settings.buckets.size(), " batch sizes could not be recorded as CUDA graphs and run ",
                         "eagerly: ", statistics.recording_fault));
    return;  // the others say the same
  }
}

absl::Status ServingHost::OnEveryPoller(const std::function<absl::Status(size_t)>& work) {
  std::vector<std::future<absl::Status>> ends;
  for (size_t poller = 0; poller < settings_.pollers; ++poller) {
    auto end = std::make_shared<std::promise<absl::Status>>();
    ends.push_back(end->get_future());
    settings_.execute(poller, [end, poller, &work] { end->set_value(work(poller)); });
  }
  absl::Status first;
  for (std::future<absl::Status>& end : ends) first.Update(end.get());
  return first;
}

// Allocation happens per thread and per batch size: a graph is warmed where it will run, and its thread serves others
// between two runs.
absl::Status ServingHost::WarmOnPollers(Model& model) {
  return Warm(model.settings, [&](const BatchItem& item) {
    return OnEveryPoller([&](size_t poller) { return WarmOnce(*model.poller_graphs[poller], item); });
  });
}

absl::Status ServingHost::StartInstances(const std::shared_ptr<Model>& model) {
  const Model* const key = model.get();
  auto pool = std::make_shared<InstancePool>(model.get(), settings_.clock, [this, key](size_t instance) {
    return InstanceThread(key, settings_.pollers + instance);
  });
  pools_[key] = pool;
  if (absl::Status status = pool->Start(); !status.ok()) return status;
  model->queue = std::move(pool);
  return absl::OkStatus();
}

ServingThread ServingHost::InstanceThread(const Model* model, size_t slot) {
  ServingThread thread;
  thread.index = slot;
  thread.clock = settings_.clock;
  thread.admission = settings_.admission;
  thread.boot_id = settings_.boot_id;
  thread.device_fault = settings_.device_fault;
  thread.reclaim = [](std::unique_ptr<SampleOwner>) {};  // another thread's messages: freed
  const std::lock_guard lock(mutex_);
  const Producers producers = TakeProducers();
  thread.tap = producers.tap;
  thread.access = producers.access;
  producers_[model].push_back(producers);
  return thread;
}

ServingHost::Producers ServingHost::TakeProducers() {
  if (free_producers_.empty()) {
    AccessLog* const access_log = settings_.access_log;
    return {settings_.tap->AddProducer(), access_log == nullptr ? nullptr : access_log->AddProducer()};
  }
  const Producers producers = free_producers_.back();
  free_producers_.pop_back();
  return producers;
}

void ServingHost::Watch(const Model& model) {
  if (model.watched != nullptr) settings_.observer->Watch(model.watched, model.reference, model.monitor);
}

void ServingHost::Unwatch(const Model& model) {
  if (model.watched != nullptr) settings_.observer->Unwatch(model.settings.name, model.version_text);
}

void ServingHost::Settle() {
  OnEveryPoller([this](size_t poller) {
    settings_.refresh(poller);
    return absl::OkStatus();
  }).IgnoreError();
}

void ServingHost::Release(Model& model) {
  if (const auto pool = pools_.find(&model); pool != pools_.end()) {
    pool->second->Stop();
    pools_.erase(pool);
  }
  model.queue.reset();
  const std::lock_guard lock(mutex_);
  past_.Add(model.counters);
  if (const auto used = producers_.find(&model); used != producers_.end()) {
    free_producers_.insert(free_producers_.end(), used->second.begin(), used->second.end());
    producers_.erase(used);
  }
}

RequestTotals ServingHost::past() const {
  const std::lock_guard lock(mutex_);
  return past_;
}

}  // namespace driftserve
