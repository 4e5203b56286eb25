#include "server/base/device_fault.h"

#include <string>

#include "absl/strings/cord.h"

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

}  // namespace driftserve
