#include "drift/tool/calibrate_command.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "drift/batch/calibration.h"
#include "drift/profile/monitor_edit.h"
#include "drift/profile/text.h"
#include "drift/profile/text_file.h"
#include "drift/report/text.h"
#include "drift/tool/text_table.h"

namespace drift {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kCalibrationSchema = 1;
constexpr size_t kLargestMonitor = 1 << 20;

ThresholdSettings WithTolerances(ThresholdSettings thresholds, const std::vector<CalibratedMeasure>& calibrated) {
  for (const CalibratedMeasure& measure : calibrated) {
    const bool psi = measure.measure == Measure::kPsi;
    (psi ? thresholds.psi_warn : thresholds.ks_warn) = measure.warn;
    (psi ? thresholds.psi_alert : thresholds.ks_alert) = measure.alert;
  }
  return thresholds;
}

std::string MethodLine(const CalibratedMeasure& measure) {
  return Concat(Name(measure.measure), ": ", measure.method,
                measure.at_resolution ? ", raised to what chunks of this size can tell apart" : "");
}

/// What stands in the edited file: rate, method and data, so that a reader can do it again.
std::string CommentFor(const CalibrateOptions& options, const CountedHistory& counted,
                       const std::vector<CalibratedMeasure>& calibrated) {
  std::string comment = absl::StrFormat("false-alarm rate %g per chunk of %s; data hash %s, %d rows\n",
                                        options.false_alarm_rate, counted.chunking.text(), counted.history.data.hash,
                                        counted.history.data.rows);
  for (const CalibratedMeasure& measure : calibrated) comment += MethodLine(measure) + "\n";
  return comment;
}

std::string Table(const CalibrateOptions& options, const CountedHistory& counted,
                  const std::vector<CalibratedMeasure>& calibrated) {
  std::vector<std::vector<std::string>> lines = {
      {"measure", "warn", "alert", "chunks", "alarms before", "alarms now", "method"}};
  for (const CalibratedMeasure& measure : calibrated) {
    lines.push_back({std::string(Name(measure.measure)), FigureText(measure.warn), FigureText(measure.alert),
                     Concat(measure.chunks), absl::StrFormat("%.1f %%", 100 * measure.before),
                     absl::StrFormat("%.1f %%", 100 * measure.after), MethodLine(measure)});
  }
  return Concat(TextTable(lines, 1), "\nfalse-alarm rate ", options.false_alarm_rate, " per chunk of ",
                counted.chunking.text(), ", data hash ", counted.history.data.hash, "\n");
}

std::string CalibrationJson(const CalibrateOptions& options, const CountedHistory& counted,
                            const std::vector<CalibratedMeasure>& calibrated) {
  const DataSide& data = counted.history.data;
  Json json = {{"schema_version", kCalibrationSchema},
               {"false_alarm_rate", options.false_alarm_rate},
               {"chunk", counted.chunking.text()},
               {"data", {{"source", Utf8(data.source, 2000)}, {"hash", data.hash}, {"rows", data.rows}}},
               {"measures", Json::array()}};
  for (const CalibratedMeasure& measure : calibrated) {
    json["measures"].push_back({{"measure", Name(measure.measure)},
                                {"warn", measure.warn},
                                {"alert", measure.alert},
                                {"method", measure.method},
                                {"extrapolated", measure.extrapolated},
                                {"at_resolution", measure.at_resolution},
                                {"chunks", measure.chunks},
                                {"alarms_before", measure.before},
                                {"alarms_after", measure.after}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::Status CheckOptions(const CalibrateOptions& options) {
  if (!(options.false_alarm_rate > 0) || options.false_alarm_rate >= 0.5) {
    return absl::InvalidArgumentError(
        Concat("--false-alarm-rate: expected above 0 and below 0.5, got ", options.false_alarm_rate));
  }
  if (options.in_place && !options.out.empty()) {
    return absl::InvalidArgumentError("expected one of --in-place and --out, got both");
  }
  return absl::OkStatus();
}

absl::Status AddMonitor(const CalibrateOptions& options, const CountedHistory& counted,
                        const std::vector<CalibratedMeasure>& calibrated, Outputs& outputs) {
  if (!options.in_place && options.out.empty()) return absl::OkStatus();
  const std::string& monitor = options.history.reference.monitor;
  const auto text = ReadFile(monitor, kLargestMonitor);
  if (!text.ok()) return text.status();
  const auto edited = EditTolerances(*text, monitor, WithTolerances(counted.reference.monitor.thresholds, calibrated),
                                     CommentFor(options, counted, calibrated));
  if (!edited.ok()) return edited.status();
  outputs.Add(options.in_place ? monitor : options.out, *edited);
  return absl::OkStatus();
}

}  // namespace

int RunCalibrate(const CalibrateOptions& options, const Console& console) {
  if (const absl::Status status = CheckOptions(options); !status.ok()) return Complain(console, "calibrate", status);
  const auto counted = ReadHistory(options.history, console);
  if (!counted.ok()) return Complain(console, "calibrate", counted.status());
  CalibrationSettings settings{options.false_alarm_rate, (*counted)->reference.monitor.thresholds};
  const auto calibrated = Calibrate((*counted)->history, settings);
  if (!calibrated.ok()) return Complain(console, "calibrate", calibrated.status());
  Outputs outputs;
  absl::Status status = AddMonitor(options, **counted, *calibrated, outputs);
  if (!options.json.empty()) outputs.Add(options.json, CalibrationJson(options, **counted, *calibrated));
  if (status.ok()) status = outputs.Write(console);
  if (!status.ok()) return Complain(console, "calibrate", status);
  if (!options.history.quiet && options.json != "-" && options.out != "-") {
    console.out << Table(options, **counted, *calibrated);
  }
  Warn(console, (*counted)->history.warnings);
  for (const CalibratedMeasure& measure : *calibrated) {
    if (!measure.extrapolated) continue;
    console.err << "warning: " << Name(measure.measure) << ": " << measure.chunks << " chunks cannot show a rate of "
                << options.false_alarm_rate << ", the tolerance is extrapolated; "
                << static_cast<int>(1 / options.false_alarm_rate) << " would do\n";
  }
  return kDone;
}

}  // namespace drift
