#pragma once

#include <string>
#include <vector>

#include "drift/monitor.h"
#include "drift/reference.h"

namespace drift {

/// What a person, or a script, should know of a profile.
struct ProfileSummary {
  struct Row {
    std::string name, role, kind, dtype;
    size_t cells = 0, bins = 0;  // MISSING not counted
    double missing_ratio = 0;
    std::vector<std::string> notes;
  };
  std::vector<Row> rows;
  std::vector<std::string> warnings;  // each with the feature that it is about
};

/// `bytes`: of the file, for a warning above 1 MiB.
ProfileSummary Summarise(const Reference& reference, const ThresholdSettings& thresholds, size_t bytes);

/// A table with a line per feature, aligned for a terminal.
std::string SummaryTable(const ProfileSummary& summary);

/// `{"file": …, "hash": …, "rows": …, "features": [{"name": …}], "warnings": […]}`, indented.
std::string SummaryJson(const Reference& reference, const ProfileSummary& summary, const std::string& file);

}  // namespace drift
