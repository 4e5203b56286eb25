#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "drift/report/report.h"

namespace drift {

/// Version of the JSON below; raised when a key changes its meaning or goes.
inline constexpr int kReportSchema = 1;

/// Everything that is known of `models` as JSON:
/// {schema_version, time, models: [{model_name, model_version, state, verdict, drifted_share, …, comparison?,
/// features: […], strata: […], concept_drift?, history: […]}]}, as report.schema.json says. Numbers are numbers; what
/// is not known is absent, never null, 0 or NaN. Times are RFC 3339 and Unix seconds. Names and labels are Utf8() of
/// their bytes.
std::string RenderJson(const std::vector<ReportInput>& models, std::int64_t time_ns);

/// {"name": …, "version": …, "commit": …, "torch": …}; empty ones are absent.
std::string VersionJson(std::string_view name, std::string_view version, std::string_view commit,
                        std::string_view torch);

}  // namespace drift
