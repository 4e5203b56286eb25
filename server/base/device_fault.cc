#include "server/base/device_fault.h"

#include <string>

#include "absl/strings/cord.h"
#include "server/base/text.h"

namespace driftserve {
namespace {

constexpr char kMark[] = "driftserve/device_fault";

}  // namespace

absl::Status DeviceFault(std::string_view message) {
  absl::Status status = absl::UnavailableError(std::string(message));
  status.SetPayload(kMark, absl::Cord());
  return status;
}

bool IsDeviceFault(const absl::Status& status) { return !status.ok() && status.GetPayload(kMark).has_value(); }

absl::Status Prefixed(std::string_view what, const absl::Status& status) {
  if (status.ok()) return status;
  const std::string text = Concat(what, ": ", status.message());
  return IsDeviceFault(status) ? DeviceFault(text) : absl::Status(status.code(), text);
}

}  // namespace driftserve
