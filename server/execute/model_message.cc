#include "server/execute/model_message.h"

#include "server/base/device_fault.h"
#include "server/base/text.h"

namespace driftserve {
namespace {

constexpr std::string_view kTraceback = "Traceback of TorchScript";
constexpr std::string_view kMark = "<--- HERE";
constexpr size_t kLongest = 2000;

std::string_view NextLine(std::string_view text) {
  const size_t end = text.find('\n');
  return end == text.npos ? std::string_view() : text.substr(end + 1);
}

bool BeginsMessage(std::string_view line) {
  return line.starts_with("RuntimeError: ") || line.starts_with("builtins.");
}

// The interpreter writes: an opening sentence, one or two tracebacks with lines of the model's source, then
// "RuntimeError: message", or the class that the model raised in place of RuntimeError.
std::string_view AfterTraceback(std::string_view what) {
  const size_t last = what.rfind(kTraceback);
  if (last == what.npos) return what;
  std::string_view rest = what.substr(last);
  if (const size_t mark = rest.rfind(kMark); mark != rest.npos) rest = rest.substr(mark);
  for (std::string_view line = NextLine(rest); !line.empty(); line = NextLine(line)) {
    if (BeginsMessage(line)) return line;
  }
  // Some other class: the first line that is not indented, as source lines mostly are.
  for (rest = NextLine(rest); !rest.empty() && (rest.front() == ' ' || rest.front() == '\n');) rest = NextLine(rest);
  return rest.empty() ? what : rest;
}

// "RuntimeError: AssertionError: …" → "AssertionError: …"
std::string_view WithoutOuterClass(std::string_view message) {
  constexpr std::string_view kOuter = "RuntimeError: ", kBuiltins = "builtins.";
  if (message.starts_with(kBuiltins)) return message.substr(kBuiltins.size());
  if (!message.starts_with(kOuter)) return message;
  const std::string_view inner = message.substr(kOuter.size());
  return inner.substr(0, inner.find_first_of(": ")).ends_with("Error") ? inner : message;
}

}  // namespace

std::string ModelMessage(std::string_view what) {
  std::string_view message = AfterTraceback(what);
  message = message.substr(0, message.find("Exception raised from "));
  message = message.substr(0, message.find("\nC++ CapturedTraceback"));
  message = WithoutOuterClass(Trim(message));
  if (message.size() > kLongest) return Concat(message.substr(0, kLongest), "…");
  return message.empty() ? "the model raised an exception without a message" : std::string(message);
}

bool SaysOutOfMemory(std::string_view what) {
  return what.find("DefaultCPUAllocator: can't allocate memory") != what.npos ||
         what.find("DefaultCPUAllocator: not enough memory") != what.npos || what.find("out of memory") != what.npos;
}

bool SaysDeviceFault(std::string_view what) {
  constexpr std::string_view kFaults[] = {
      "an illegal memory access was encountered", "an illegal instruction was encountered",
      "misaligned address",                       "operation not supported on global/shared address space",
      "invalid program counter",                  "unspecified launch failure",
      "device-side assert triggered",             "uncorrectable ECC error encountered",
      "hardware stack error",                     "the launch timed out and was terminated",
      "uncorrectable NVLink error",               "Tensor Memory Leak",
      "an external failure",                      "CUDA error: unknown error"};
  if (what.find("CUDA error") == what.npos) return false;
  for (const std::string_view fault : kFaults) {
    if (what.find(fault) != what.npos) return true;
  }
  return false;
}

absl::Status WithDeviceFault(absl::Status status) {
  const std::string_view message(status.message().data(), status.message().size());
  return !status.ok() && SaysDeviceFault(message) ? DeviceFault(message) : status;
}

}  // namespace driftserve
