#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace driftserve {

/// What a model or the library had to say, for a client: the text of an exception of torch without the TorchScript
/// traceback before it ("Traceback of TorchScript …") and without the C++ one after it ("Exception raised from …").
/// A model's own message may have several lines; all are kept, up to 2000 bytes.
std::string ModelMessage(std::string_view what);

/// True for the text that torch's CPU allocator raises when memory ran out.
bool SaysOutOfMemory(std::string_view what);

/// True for what CUDA says when the process has to end: the errors after which, by its documentation, every further call
/// fails. Memory that ran out and calls that were wrong are not among them.
bool SaysDeviceFault(std::string_view what);

/// The status of something that a GPU did: DeviceFault() where its message says so, else as it is.
absl::Status WithDeviceFault(absl::Status status);

}  // namespace driftserve
