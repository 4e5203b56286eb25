// Any text as a monitor.yaml: read, and then within its bounds, or refused with its place; as overrides: applied whole
// or not at all.
#include "drift/profile/monitor_file.h"
#include "tests/fuzz/require.h"

namespace {

using driftserve::Require;

constexpr char kBefore[] = "features: [{name: x, input: x}]\nlabels: {name: late, prediction: p}\n"
                           "predictions: [{name: p, output: y}]\n";

void RequireBounds(const drift::MonitorSettings& settings) {
  Require(settings.window.length_ns / settings.window.panes >= 1'000'000, "panes of a millisecond or more");
  Require(settings.thresholds.psi_warn < settings.thresholds.psi_alert, "a warning before the alert");
  Require(settings.decision.debounce_hits <= settings.decision.debounce_of, "no more hits than evaluations");
  for (const auto& [stratum, rate] : settings.sampling.rates) Require(rate >= 0 && rate <= 1, "rates from 0 to 1");
  if (!settings.labels) return;
  Require(settings.labels->time_limit_ns >= 1'000'000, "a time limit of a millisecond or more");
  Require(settings.labels->table_rows >= 1 && !settings.labels->detectors.empty(), "a table and a detector");
  Require(settings.labels->min_join_rate >= 0 && settings.labels->min_join_rate <= 1, "a join rate from 0 to 1");
}

void RequirePlace(const absl::Status& status) {
  Require(absl::IsInvalidArgument(status), "INVALID_ARGUMENT");
  Require(status.message().substr(0, 13) == "monitor.yaml:", "a message that begins with the place");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto settings = drift::ParseMonitor(text, "monitor.yaml");
  ++(settings.ok() ? driftserve::inputs_read : driftserve::inputs_refused);
  if (settings.ok()) RequireBounds(*settings);
  if (!settings.ok()) RequirePlace(settings.status());
  static const drift::MonitorSettings before = *drift::ParseMonitor(kBefore, "before");
  drift::MonitorSettings after = before;
  if (const absl::Status status = drift::ApplyOverrides(after, text, "monitor.yaml", 7); status.ok()) {
    RequireBounds(after);
  } else {
    RequirePlace(status);
    Require(after.sampling.rule_version == before.sampling.rule_version && after.window.panes == before.window.panes &&
                after.window.length_ns == before.window.length_ns && after.thresholds.alpha == before.thresholds.alpha,
            "settings as they were before a refused override");
  }
  return 0;
}
