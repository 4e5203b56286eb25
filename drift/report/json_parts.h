#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "drift/report/report.h"

namespace drift {

// The pieces that both JSON documents are made of. What is not known is left out, never null.

using Json = nlohmann::ordered_json;  // keys in the order in which they were put

void Put(Json& object, const char* key, const std::optional<double>& value);

/// `key` as RFC 3339 and `key`_seconds as Unix time; neither for 0.
void PutTime(Json& object, const char* key, std::int64_t time_ns);

/// {sentence, detail?}
Json VerdictJson(const ReportInput& input);

/// {reference: {source, hash?, rows, first?, last?}, current: {…}, weights, program, made}
Json ComparisonJson(const Comparison& comparison);

/// [{value, share}], largest share first.
Json AppearedJson(const std::vector<AppearedCategory>& categories);

/// {error, state, reason?, join_rate?, label_lag_seconds?, mean_error?, labels_joined, detectors: […], timeline: […]}
Json ConceptJson(const ConceptResult& quality);

/// {measure, value, …, state?}
Json MeasureJson(const MeasureResult& measure);

/// One line, valid whatever bytes it holds.
std::string Text(const Json& json);

}  // namespace drift
