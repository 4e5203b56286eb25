#pragma once

#include <string_view>

#include "drift/profile/monitor_settings.h"
#include "drift/profile/yaml_fields.h"

namespace drift {

// The parts of monitor.yaml. Each reads its keys of `document` over what `settings` holds and records its faults.

void ReadFeatures(Fields& document, MonitorSettings& settings);
void ReadSampling(Fields& document, MonitorSettings& settings);
void ReadWindow(Fields& document, MonitorSettings& settings);
void ReadThresholds(Fields& document, MonitorSettings& settings);
void ReadDecision(Fields& document, MonitorSettings& settings);
void ReadReferenceSection(Fields& document, MonitorSettings& settings);
void ReadRecord(Fields& document, MonitorSettings& settings);
void ReadLabels(Fields& document, MonitorSettings& settings);

/// Whether a text can be the label of every series of its feature.
bool IsSeriesName(std::string_view name);

/// SamplingSettings::rule_version of these settings.
int RuleVersion(const SamplingSettings& sampling);

}  // namespace drift
