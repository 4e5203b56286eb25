#include "server/execute/torch_program.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Functions.h>
#include <c10/core/Event.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/StreamGuard.h>

#include "server/execute/output_slot.h"
#include "server/execute/run_rules.h"
#include "server/execute/torch_types.h"

namespace driftserve {
namespace {

class TorchSlab final : public PinnedSlab {
 public:
  explicit TorchSlab(at::Tensor bytes) : bytes_(std::move(bytes)) {}
  char* data() override { return static_cast<char*>(bytes_.mutable_data_ptr()); }
  size_t size() const override { return bytes_.nbytes(); }
  const at::Tensor& bytes() const { return bytes_; }

 private:
  const at::Tensor bytes_;
};

// The first bytes of `room`, which is one of bytes, as numbers in a row.
at::Tensor Numbers(const at::Tensor& room, const TensorView& view) {
  return room.narrow(0, 0, static_cast<int64_t>(view.byte_size)).view(*ToScalarType(view.type));
}

at::Tensor Shaped(const at::Tensor& numbers, const Shape& shape) {
  return numbers.view(at::IntArrayRef(shape.data(), shape.size()));
}

const at::Tensor& BytesOf(PinnedSlab& slab) { return static_cast<TorchSlab&>(slab).bytes(); }

// True when both differ in nothing but their rows.
bool SameButForRows(const TensorList& left, const TensorList& right) {
  for (size_t i = 0; i < left.size(); ++i) {
    const Shape &a = left[i].shape, &b = right[i].shape;
    if (left[i].type != right[i].type || a.size() != b.size()) return false;
    if (a.size() > 1 && !std::equal(a.begin() + 1, a.end(), b.begin() + 1)) return false;
  }
  return true;
}

/// A run that was recorded, and the memory that it reads and writes.
struct Recorded {
  TensorList inputs, outputs;
  std::vector<at::Tensor> read, written;
  std::unique_ptr<RecordedRun> run;
};

struct ProgramSlot {
  explicit ProgramSlot(c10::DeviceType type) : copied(type), computed(type), returned(type) {}

  std::vector<at::Tensor> rooms;             // bytes of the device, per input, as many as the largest batch needed
  TensorList shapes;                         // of the batch's inputs
  std::vector<at::Tensor> inputs, outputs;   // of the batch; undefined where absent
  std::unique_ptr<RunRecorder> recorder;
  std::map<int64_t, Recorded> recorded;      // by rows
  const Recorded* replayed = nullptr;        // what takes the batch's place
  c10::Event copied, computed, returned;
};

class TorchProgram final : public DeviceProgram {
 public:
  TorchProgram(const LoadRequest& request, std::unique_ptr<DeviceCall> call, at::Device device,
               NewRecorder new_recorder)
      : call_(std::move(call)),
        model_(Concat("model `", request.model_name, "`")),
        intra_op_threads_(request.intra_op_threads),
        device_(device),
        guard_(device.type()),
        copy_in_(guard_.getNewStream(device)),
        compute_(guard_.getNewStream(device)),
        copy_out_(guard_.getNewStream(device)),
        new_recorder_(std::move(new_recorder)) {
    for (const TensorSpec& spec : request.outputs) checks_.emplace_back(spec, request.batches, model_);
  }

  absl::StatusOr<std::unique_ptr<PinnedSlab>> NewSlab(size_t bytes) override {
    std::unique_ptr<PinnedSlab> slab;
    const absl::Status status = Try([&] {
      const auto options = at::TensorOptions(at::kByte).pinned_memory(!device_.is_cpu());
      slab = std::make_unique<TorchSlab>(at::empty({static_cast<int64_t>(bytes)}, options));
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return slab;
  }

  int64_t RowsToRun(size_t slot, const TensorList& inputs, int64_t rows) const override {
    rows = std::max(rows, call_->LeastRows());
    if (slot >= slots_.size()) return rows;
    const auto& recorded = slots_[slot].recorded;
    const auto found = recorded.lower_bound(rows);
    return found != recorded.end() && SameButForRows(found->second.inputs, inputs) ? found->first : rows;
  }

  absl::Status CopyIn(size_t index, const TensorList& inputs, SlabSpan slabs) override {
    return Try([&] {
      ProgramSlot& slot = SlotAt(index);
      const c10::StreamGuard on(copy_in_);
      slot.shapes = inputs;
      slot.replayed = FindRecorded(slot);
      slot.inputs = slot.replayed != nullptr ? slot.replayed->read : Rooms(slot);
      for (size_t i = 0; i < inputs.size(); ++i) {
        if (inputs[i].absent()) continue;
        slot.inputs[i].copy_(Shaped(Numbers(BytesOf(*slabs[i]), inputs[i]), inputs[i].shape), true);
      }
      slot.copied.record(copy_in_);
      return absl::OkStatus();
    });
  }

  absl::StatusOr<bool> Compute(size_t index, int64_t rows, TensorList& outputs) override {
    ProgramSlot& slot = SlotAt(index);
    const absl::Status status = Try([&] {
      const c10::StreamGuard on(compute_);
      slot.copied.block(compute_);
      if (slot.replayed != nullptr) {
        slot.replayed->run->Replay();
        slot.outputs = slot.replayed->written;
        outputs = slot.replayed->outputs;
      } else if (absl::Status ran = Forward(slot, rows, outputs); !ran.ok()) {
        return ran;
      }
      slot.computed.record(compute_);
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return slot.replayed != nullptr;
  }

  absl::Status Record(size_t index, int64_t rows) override {
    return Try([&]() -> absl::Status {
      ProgramSlot& slot = SlotAt(index);
      const c10::StreamGuard on(compute_);
      slot.copied.block(compute_);
      if (slot.recorder == nullptr) {
        absl::StatusOr<std::unique_ptr<RunRecorder>> recorder = new_recorder_();
        if (!recorder.ok()) return recorder.status();
        slot.recorder = *std::move(recorder);
      }
      Recorded recorded{slot.shapes, {}, slot.inputs, {}, nullptr};
      absl::Status ran;
      recorded.run = slot.recorder->Record([&] { ran = Forward(slot, rows, recorded.outputs); });
      if (!ran.ok()) return ran;
      recorded.written = std::move(slot.outputs);
      slot.recorded.insert_or_assign(rows, std::move(recorded));
      return absl::OkStatus();
    });
  }

  absl::Status CopyOut(size_t index, const TensorList& outputs, SlabSpan slabs) override {
    return Try([&] {
      ProgramSlot& slot = SlotAt(index);
      const c10::StreamGuard on(copy_out_);
      slot.computed.block(copy_out_);
      for (size_t i = 0; i < outputs.size(); ++i) {
        if (outputs[i].absent()) continue;
        const at::Tensor to = Numbers(BytesOf(*slabs[i]), outputs[i]);
        to.copy_(slot.outputs[i].view({-1}).narrow(0, 0, to.numel()), true);
      }
      slot.returned.record(copy_out_);
      return absl::OkStatus();
    });
  }

  bool Done(size_t index) override {
    bool done = true;
    // An error is Wait's to tell.
    Try([&] {
      done = SlotAt(index).returned.query();
      return absl::OkStatus();
    }).IgnoreError();
    return done;
  }

  absl::Status Wait(size_t index) override {
    ProgramSlot& slot = SlotAt(index);
    absl::Status status = Try([&] {
      slot.returned.synchronize();
      return absl::OkStatus();
    });
    LetGo(slot);
    return status;
  }

  absl::Status Drain(size_t index) override {
    absl::Status status = Try([&] {
      for (const c10::Stream& stream : {copy_in_, compute_, copy_out_}) guard_.synchronizeStream(stream);
      return absl::OkStatus();
    });
    LetGo(SlotAt(index));
    return status;
  }

 private:
  template <typename Work>
  absl::Status Try(Work&& work) {
    return WithDeviceFault(CatchTorch(absl::StatusCode::kInternal, model_, [&]() -> absl::Status {
      const c10::InferenceMode inference;
      return work();
    }));
  }

  ProgramSlot& SlotAt(size_t index) {
    while (slots_.size() <= index) slots_.emplace_back(device_.type());
    return slots_[index];
  }

  const Recorded* FindRecorded(const ProgramSlot& slot) const {
    if (slot.recorded.empty() || slot.shapes.empty()) return nullptr;
    for (const auto& [rows, recorded] : slot.recorded) {
      if (!SameButForRows(recorded.inputs, slot.shapes)) continue;
      bool same_rows = true;
      for (size_t i = 0; i < slot.shapes.size(); ++i) same_rows &= recorded.inputs[i].shape == slot.shapes[i].shape;
      if (same_rows) return &recorded;
    }
    return nullptr;
  }

  // Memory of the device for the batch's inputs: of the copying stream, and let go of only when nothing is queued.
  std::vector<at::Tensor> Rooms(ProgramSlot& slot) {
    std::vector<at::Tensor> inputs(slot.shapes.size());
    slot.rooms.resize(slot.shapes.size());
    for (size_t i = 0; i < inputs.size(); ++i) {
      const TensorView& view = slot.shapes[i];
      if (view.absent()) continue;
      at::Tensor& room = slot.rooms[i];
      if (!room.defined() || room.nbytes() < view.byte_size) {
        room = at::Tensor();
        const auto bytes = static_cast<int64_t>(std::bit_ceil(std::max<size_t>(view.byte_size, 64)));
        room = at::empty({bytes}, at::TensorOptions(at::kByte).device(device_));
      }
      inputs[i] = Shaped(Numbers(room, view), view.shape);
    }
    return inputs;
  }

  absl::Status Forward(ProgramSlot& slot, int64_t rows, TensorList& outputs) {
    UseIntraOpThreads(intra_op_threads_);
    absl::Status status = call_->Run(slot.shapes, slot.inputs);
    if (!status.ok()) return status;
    outputs.resize(checks_.size());
    slot.outputs.assign(checks_.size(), at::Tensor());
    for (size_t i = 0; i < checks_.size() && status.ok(); ++i) {
      const c10::IValue* const value = call_->ResultAt(i);
      status = value == nullptr ? checks_[i].Fault("it is there", "fewer values")
                                : checks_[i].TakeInPlace(*value, rows, outputs[i], slot.outputs[i]);
    }
    call_->Clear();
    return status;
  }

  static void LetGo(ProgramSlot& slot) {
    slot.inputs.clear();
    slot.outputs.clear();
    slot.replayed = nullptr;
  }

  const std::unique_ptr<DeviceCall> call_;
  const std::string model_;  // for messages
  const int intra_op_threads_;
  const at::Device device_;
  const c10::impl::VirtualGuardImpl guard_;
  const c10::Stream copy_in_, compute_, copy_out_;
  const NewRecorder new_recorder_;
  std::vector<OutputSlot> checks_;
  std::deque<ProgramSlot> slots_;
};

}  // namespace

std::unique_ptr<DeviceProgram> MakeTorchProgram(const LoadRequest& request, std::unique_ptr<DeviceCall> call,
                                                c10::Device device, NewRecorder new_recorder) {
  return std::make_unique<TorchProgram>(request, std::move(call), device, std::move(new_recorder));
}

}  // namespace driftserve
