#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drift/profile/monitor_settings.h"

namespace drift {

/// Reads a monitor.yaml. Strict: unknown keys, keys given twice, wrong types, units and ranges are faults, and all of
/// them are reported, one per line: `file:line:column: key 'x': expected …, got …`.
/// NOT_FOUND where there is no such file, INVALID_ARGUMENT for its content. README.md describes the format.
absl::StatusOr<MonitorSettings> LoadMonitor(const std::string& path);

/// The same from text; `file` is for messages.
absl::StatusOr<MonitorSettings> ParseMonitor(std::string_view text, const std::string& file);

/// Replaces what `text` states of window, decision, sampling, thresholds and labels (its only keys). `first_line` is
/// the line of `file` on which the text begins (1 for a whole file). Settings that were not named stay; sampling.rates
/// and labels.detectors are replaced as a whole. With any fault `settings` stays as it was.
absl::Status ApplyOverrides(MonitorSettings& settings, std::string_view text, const std::string& file,
                            int first_line = 1);

}  // namespace drift
