#pragma once

#include "absl/status/statusor.h"
#include "drift/reference.h"
#include "driftserve/v1/reference.pb.h"

namespace drift {

void ToMessage(const Reference& reference, driftserve::v1::Reference& message);

/// Checks what CheckReference cannot: what is out of range for its type in memory, and the bounds on sizes. Leaves the
/// hash empty.
absl::StatusOr<Reference> FromMessage(const driftserve::v1::Reference& message);

}  // namespace drift
