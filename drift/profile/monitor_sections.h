#pragma once

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

/// SamplingSettings::rule_version of these settings.
int RuleVersion(const SamplingSettings& sampling);

}  // namespace drift
