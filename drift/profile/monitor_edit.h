#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "drift/monitor.h"

namespace drift {

/// The text of a monitor.yaml with other tolerances, and everything else as it was: comments, order, indentation, flow
/// or block style. What was not stated before is added to its section; a missing section is added at the end. Each line
/// of `comment` stands above the section as "# drift calibrate: …", in place of such lines that are there.
///
/// Only warn and alert of `thresholds.psi` and `thresholds.ks` are taken. The result is read again and compared with
/// the old text. INVALID_ARGUMENT, with `file:line:column`, where the text is no monitor.yaml; FAILED_PRECONDITION
/// where a value is written in a way that is not edited (quoted, with an anchor or an alias) and what to set by hand.
absl::StatusOr<std::string> EditTolerances(const std::string& text, const std::string& file,
                                           const ThresholdSettings& thresholds, const std::string& comment);

}  // namespace drift
