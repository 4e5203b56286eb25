#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <c10/core/impl/DeviceGuardImplInterface.h>

#include "server/base/text.h"
#include "server/execute/run_recorder.h"

namespace driftserve::fakes {

constexpr auto kCpu = c10::DeviceType::CPU;

/// Gives the CPU streams and events, in torch's own way: what a program does with them is noted, in the order in which
/// it does it. Streams are numbered from 1, events in the order of their first record, from 0.
class NotingGuard final : public c10::impl::NoOpDeviceGuardImpl<kCpu> {
 public:
  NotingGuard() : former_(c10::impl::getDeviceGuardImpl(kCpu)) { c10::impl::registerDeviceGuard(kCpu, this); }
  ~NotingGuard() override { c10::impl::registerDeviceGuard(kCpu, former_); }

  c10::Stream getStream(c10::Device) const noexcept override { return MakeStream(current_); }
  c10::Stream getNewStream(c10::Device, int) const override { return MakeStream(++streams_); }
  c10::Stream exchangeStream(c10::Stream stream) const noexcept override {
    return MakeStream(std::exchange(current_, stream.id()));
  }
  void record(void** event, const c10::Stream& stream, c10::DeviceIndex, c10::EventFlag) const override {
    if (*event == nullptr) *event = new int(events_++);
    Note("record", *event, stream.id());
  }
  void block(void* event, const c10::Stream& stream) const override { Note("block", event, stream.id()); }
  bool queryEvent(void* event) const override { return done; }
  void synchronizeEvent(void* event) const override { Note("wait", event, 0); }
  void synchronizeStream(const c10::Stream& stream) const override {}
  void synchronizeDevice(c10::DeviceIndex) const override { log.push_back("settle"); }
  void destroyEvent(void* event, c10::DeviceIndex) const noexcept override { delete static_cast<int*>(event); }

  /// The next such step throws what CUDA would.
  void FailNext(const std::string& step, const std::string& message) { failing_ = {step, message}; }

  mutable std::vector<std::string> log;
  bool done = true;

 private:
  static c10::Stream MakeStream(c10::StreamId id) {
    return c10::Stream(c10::Stream::UNSAFE, c10::Device(kCpu, 0), id);
  }
  void Note(const std::string& step, void* event, c10::StreamId stream) const {
    if (step == failing_.first) {
      failing_.first.clear();
      TORCH_CHECK(false, failing_.second);
    }
    const std::string on = stream > 0 ? Concat(" on ", stream) : "";
    log.push_back(Concat(step, " ", *static_cast<int*>(event), on));
  }

  const c10::impl::DeviceGuardImplInterface* const former_;
  mutable c10::StreamId streams_ = 0, current_ = 0;
  mutable int events_ = 0;
  mutable std::pair<std::string, std::string> failing_;
};

/// Records by doing the work once, and counts the replays, which do nothing.
class FakeRecorder final : public RunRecorder {
 public:
  explicit FakeRecorder(int* replays) : replays_(replays) {}
  std::unique_ptr<RecordedRun> Record(const std::function<void()>& work) override {
    work();
    return std::make_unique<Run>(replays_);
  }

 private:
  class Run final : public RecordedRun {
   public:
    explicit Run(int* replays) : replays_(replays) {}
    void Replay() override { ++*replays_; }

   private:
    int* const replays_;
  };
  int* const replays_;
};

}  // namespace driftserve::fakes
