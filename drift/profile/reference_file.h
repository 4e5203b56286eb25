#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drift/profile/monitor_settings.h"
#include "drift/reference.h"

namespace drift {

/// reference.pb: a drift::Reference as a driftserve.v1.Reference message. About 8 KB per numeric feature of 1000 cells.

/// The message's bytes; the same reference gives the same bytes. `hash` is computed anew.
std::string SerializeReference(const Reference& reference);

/// The inverse. Never trusts its input: sizes, order, sums, finiteness and the hash are checked, so that what it
/// returns is safe to build a Layout and a Window on. INVALID_ARGUMENT says what is wrong; `file` is for messages.
absl::StatusOr<Reference> ParseReference(std::string_view bytes, const std::string& file = "reference");

/// The same from a file of at most 64 MiB. NOT_FOUND where there is none.
absl::StatusOr<Reference> LoadReference(const std::string& path);

/// Replaces the file as a whole: a reader sees the old content or the new one.
absl::Status SaveReference(const Reference& reference, const std::string& path);

/// Whether the reference is one for this monitor.yaml: the same features, then predictions, in the same order, of the
/// same kind where monitor.yaml states one; a label may be missing. FAILED_PRECONDITION lists every difference, one per
/// line.
absl::Status CheckReferenceFits(const Reference& reference, const MonitorSettings& monitor);

}  // namespace drift
