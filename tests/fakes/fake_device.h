#pragma once

#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/base/text.h"
#include "server/execute/device_program.h"

namespace driftserve {

/// What FakeDevice computes, in batches of up to eight rows.
inline LoadRequest OneNumberRequest() {
  LoadRequest request;
  request.model_name = "m";
  request.inputs = {{"x", DataType::kFp32, {1}}};
  request.outputs = {{"y", DataType::kFp32, {1}}};
  request.max_rows = 8;
  return request;
}

/// A device that doubles floats of shape [rows, 1]. It works only when somebody waits for it: what is queued touches
/// memory then and not before, so that a slab used too early shows in the numbers. Steps are noted in `log` as they
/// are queued ("in 0", "run 0", "out 0"), recorded, or waited for ("wait 0", "drain 0").
class FakeDevice final : public DeviceProgram {
 public:
  absl::StatusOr<std::unique_ptr<PinnedSlab>> NewSlab(size_t bytes) override {
    if (absl::Status status = Step("slab"); !status.ok()) return status;
    ++slabs;
    return std::make_unique<Slab>(bytes, this);
  }

  int64_t RowsToRun(size_t slot, const TensorList&, int64_t rows) const override {
    const auto found = recorded_.find(slot);
    if (found == recorded_.end()) return rows;
    const auto bucket = found->second.lower_bound(rows);
    return bucket == found->second.end() ? rows : bucket->first;
  }

  absl::Status CopyIn(size_t slot, const TensorList& inputs, SlabSpan slabs) override {
    if (absl::Status status = Step(Concat("in ", slot)); !status.ok()) return status;
    const char* const from = slabs[0]->data();
    const size_t count = inputs[0].byte_size / sizeof(float);
    queue_.push_back({slot, [this, slot, from, count] {
                        memory_[slot].resize(count);
                        std::memcpy(memory_[slot].data(), from, count * sizeof(float));
                      }});
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Compute(size_t slot, int64_t rows, TensorList& outputs) override {
    if (absl::Status status = Step(Concat("run ", slot)); !status.ok()) return status;
    queue_.push_back({slot, [this, slot] {
                        for (float& value : memory_[slot]) value *= 2;
                      }});
    batches.push_back(rows);
    outputs.assign(1, {DataType::kFp32, {rows, 1}, nullptr, static_cast<size_t>(rows) * sizeof(float)});
    const auto found = recorded_.find(slot);
    return found != recorded_.end() && found->second.count(rows) != 0;
  }

  absl::Status Record(size_t slot, int64_t rows) override {
    if (absl::Status status = Step(Concat("record ", slot)); !status.ok()) return status;
    recorded_[slot][rows] = true;
    return absl::OkStatus();
  }

  absl::Status CopyOut(size_t slot, const TensorList& outputs, SlabSpan slabs) override {
    if (absl::Status status = Step(Concat("out ", slot)); !status.ok()) return status;
    char* const to = slabs[0]->data();
    const size_t bytes = outputs[0].byte_size;
    queue_.push_back({slot, [this, slot, to, bytes] { std::memcpy(to, memory_[slot].data(), bytes); }});
    return absl::OkStatus();
  }

  bool Done(size_t slot) override { return !done || done(slot); }

  absl::Status Wait(size_t slot) override {
    if (on_wait) on_wait(slot);
    Work(slot);
    return Step(Concat("wait ", slot));
  }

  absl::Status Drain(size_t slot) override {
    while (!queue_.empty()) Work(queue_.back().slot);
    return Step(Concat("drain ", slot));
  }

  /// The next time that `step` is reached it fails with `status`.
  void FailNext(const std::string& step, absl::Status status) { failures_[step] = std::move(status); }

  std::vector<std::string> log;
  std::vector<int64_t> batches;
  int slabs = 0;
  size_t slab_bytes = 0;  // held now
  std::function<bool(size_t slot)> done;      // none: always
  std::function<void(size_t slot)> on_wait;

 private:
  class Slab final : public PinnedSlab {
   public:
    Slab(size_t bytes, FakeDevice* device) : bytes_(bytes, '\x7f'), device_(device) { device_->slab_bytes += bytes; }
    ~Slab() override { device_->slab_bytes -= bytes_.size(); }
    char* data() override { return bytes_.data(); }
    size_t size() const override { return bytes_.size(); }

   private:
    std::string bytes_;
    FakeDevice* const device_;
  };
  struct Queued {
    size_t slot;
    std::function<void()> work;
  };

  absl::Status Step(const std::string& step) {
    log.push_back(step);
    const auto failure = failures_.find(step);
    if (failure == failures_.end()) return absl::OkStatus();
    const absl::Status status = std::move(failure->second);
    failures_.erase(failure);
    return status;
  }

  // All up to the last that belongs to the slot, in order, as queues that wait for one another would.
  void Work(size_t slot) {
    size_t last = 0;
    for (size_t i = 0; i < queue_.size(); ++i) {
      if (queue_[i].slot == slot) last = i + 1;
    }
    for (size_t i = 0; i < last; ++i) queue_[i].work();
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(last));
  }

  std::vector<Queued> queue_;
  std::map<size_t, std::vector<float>> memory_;  // the device's, by slot
  std::map<size_t, std::map<int64_t, bool>> recorded_;
  std::map<std::string, absl::Status> failures_;
};

}  // namespace driftserve
