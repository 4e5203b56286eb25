#include "drift/profile/monitor_sections.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "drift/profile/text.h"
#include "drift/profile/units.h"

namespace drift {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kDay = 86'400'000'000'000;
constexpr double kSmallest = 1e-6;

void ReadLevels(Fields& thresholds, std::string_view key, double high, double& warn, double& alert) {
  thresholds.ReadSection(key, [&](Fields& levels) {
    levels.Read("warn", 0, high, &warn);
    levels.Read("alert", 0, high, &alert);
    if (!(warn < alert)) {
      levels.Refuse("alert", Concat("a level above warn, which is ", warn), Concat(alert));
    }
  });
}

/// "3 of 5".
bool ParseDebounce(std::string_view text, int* hits, int* of) {
  const size_t middle = text.find(" of ");
  return middle != std::string_view::npos && absl::SimpleAtoi(AbslView(text.substr(0, middle)), hits) &&
         absl::SimpleAtoi(AbslView(text.substr(middle + 4)), of) && *hits >= 1 && *hits <= *of && *of <= 32;
}

RecordMode ReadMode(const YAML::Node& node, const std::string& path, Faults& faults) {
  const std::string mode = node.IsScalar() ? node.Scalar() : "";
  if (mode == "keep") return RecordMode::kKeep;
  if (mode == "hash") return RecordMode::kHash;
  if (mode != "drop") faults.Add(node.Mark(), path, "keep, hash or drop", Describe(node));
  return RecordMode::kDrop;
}

/// The watched values that a name of monitor.yaml means: one, or all projections that were declared under it.
std::vector<std::string> ValuesNamed(const MonitorSettings& settings, const std::string& name) {
  std::vector<std::string> values;
  for (const auto* specs : {&settings.features, &settings.predictions}) {
    for (const FeatureSpec& spec : *specs) {
      if (spec.name == name || spec.declared == name) values.push_back(spec.name);
    }
  }
  return values;
}

}  // namespace

void ReadWindow(Fields& document, MonitorSettings& settings) {
  document.ReadSection("window", [&](Fields& fields) {
    int64_t panes = settings.window.panes;
    int64_t bytes = static_cast<int64_t>(settings.window.byte_limit);
    fields.ReadDuration("length", 10 * kMillisecond, 366 * kDay, &settings.window.length_ns);
    fields.Read("panes", 2, 1440, &panes);
    fields.ReadDuration("evaluate_every", kMillisecond, kDay, &settings.evaluate_every_ns);
    fields.ReadBytes("byte_limit", 64 << 10, int64_t{64} << 30, &bytes);
    settings.window.panes = static_cast<int>(panes);
    settings.window.byte_limit = static_cast<size_t>(bytes);
    if (settings.window.length_ns / panes < kMillisecond) {
      fields.Refuse("panes", "panes of at least 1ms",
                    Concat(panes, " panes in ", FormatDuration(settings.window.length_ns)));
    }
    if (settings.evaluate_every_ns > settings.window.length_ns) {
      fields.Refuse("evaluate_every", Concat("at most window.length, ", FormatDuration(settings.window.length_ns)),
                    FormatDuration(settings.evaluate_every_ns));
    }
  });
}

void ReadThresholds(Fields& document, MonitorSettings& settings) {
  document.ReadSection("thresholds", [&](Fields& fields) {
    ThresholdSettings& thresholds = settings.thresholds;
    ReadLevels(fields, "psi", 100, thresholds.psi_warn, thresholds.psi_alert);
    ReadLevels(fields, "ks", 1, thresholds.ks_warn, thresholds.ks_alert);
    fields.Read("alpha", kSmallest, 0.5, &thresholds.alpha);
    int choice;
    if (fields.ReadChoice("multiplicity", {"benjamini_hochberg", "holm", "bonferroni", "none"}, &choice)) {
      thresholds.multiplicity = static_cast<Multiplicity>(choice);
    }
  });
}

void ReadDecision(Fields& document, MonitorSettings& settings) {
  document.ReadSection("decision", [&](Fields& fields) {
    DecisionSettings& decision = settings.decision;
    fields.Read("false_alarms_per_day", kSmallest, 1000, &decision.false_alarms_per_day);
    fields.ReadDuration("observation_period", 0, 366 * kDay, &decision.observation_period_ns);
    fields.Read("dataset_drift_share", kSmallest, 1, &settings.dataset_drift_share);
    std::string debounce;
    if (!fields.Read("debounce", &debounce)) return;
    int hits, of;
    if (!ParseDebounce(debounce, &hits, &of)) {
      fields.Refuse("debounce", "'k of n' with 1 <= k <= n <= 32, as in '3 of 5'", Describe(*fields.Find("debounce")));
      return;
    }
    decision.debounce_hits = hits;
    decision.debounce_of = of;
  });
}

void ReadReferenceSection(Fields& document, MonitorSettings& settings) {
  document.ReadSection("reference",
                       [&](Fields& fields) { fields.ReadDuration("cycle", 0, 366 * kDay, &settings.cycle_ns); });
}

void ReadRecord(Fields& document, MonitorSettings& settings) {
  document.ReadSection("record", [&](Fields& section) {
    const auto node = section.Find("fields");
    if (!node) return;
    if (node->IsScalar() && node->Scalar() == "all") return;
    if (!node->IsSequence()) {
      section.Refuse("fields", "all, or a list such as [temp, {carrier: hash}]", Describe(*node));
      return;
    }
    settings.record.all = false;
    section.ReadList("fields", [&](const YAML::Node& item, const std::string& path) {
      const bool pair = item.IsMap() && item.size() == 1 && item.begin()->first.IsScalar();
      if (!pair && !item.IsScalar()) {
        section.faults().Add(item.Mark(), path, "a name, or {name: keep}, {name: hash} or {name: drop}",
                             Describe(item));
        return;
      }
      const std::string name = pair ? item.begin()->first.Scalar() : item.Scalar();
      const RecordMode mode = pair ? ReadMode(item.begin()->second, path, section.faults()) : RecordMode::kKeep;
      const std::vector<std::string> values = ValuesNamed(settings, name);
      if (values.empty()) {
        section.faults().Add(item.Mark(), path, "the name of a feature or prediction", Concat("'", name, "'"));
      }
      for (const std::string& value : values) {
        if (settings.record.modes.emplace(value, mode).second) continue;
        section.faults().Add(item.Mark(), path, "each field once", Concat("'", value, "' again"));
      }
    });
  });
}

}  // namespace drift
