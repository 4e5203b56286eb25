#pragma once

#include <functional>
#include <memory>

#include <c10/core/Device.h>

#include "server/execute/device_call.h"
#include "server/execute/device_program.h"
#include "server/execute/executor.h"
#include "server/execute/run_recorder.h"

namespace driftserve {

using NewRecorder = std::function<absl::StatusOr<std::unique_ptr<RunRecorder>>()>;

/// A model of numbers as a program on `device`, by streams and events of whatever kind the device has; nothing here
/// names CUDA. `call` runs it, outputs are checked against `request`, and `new_recorder` is asked once per slot, when a
/// run is to be recorded.
std::unique_ptr<DeviceProgram> MakeTorchProgram(const LoadRequest& request, std::unique_ptr<DeviceCall> call,
                                                c10::Device device, NewRecorder new_recorder);

}  // namespace driftserve
