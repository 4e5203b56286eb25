#pragma once

#include <cstdint>
#include <string>

#include "drift/report/report.h"

namespace drift {

/// Version of what stands under the key "driftserve" in the document below.
inline constexpr int kEvidentlySchema = 1;

/// Which of Evidently 0.4's two documents: the report (`metrics`), the test suite (`tests` and `summary`), or both in
/// one, which every reader of either can parse.
enum class EvidentlyFlavour : std::uint8_t { kReport, kTestSuite, kBoth };

/// One model in the shape of Evidently 0.4, as evidently.schema.json says. `drift_score` is always the statistic,
/// high where there is drift, and never a p-value; `stattest_name` says which one, `stattest_threshold` is its alert
/// threshold at this sample size, and `drift_detected` is the state "drifted". A feature that could not be judged is
/// not among `drift_by_columns` and not counted there; it is a test with the status SKIPPED, so that not all have
/// passed. Our own figures stand beside under "driftserve".
std::string RenderEvidentlyJson(const ReportInput& input, EvidentlyFlavour flavour = EvidentlyFlavour::kBoth);

}  // namespace drift
