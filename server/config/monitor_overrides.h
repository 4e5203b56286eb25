#pragma once

#include <string>
#include <vector>

#include "server/config/server_config.h"

namespace YAML {
class Node;
}

namespace driftserve {

/// Fills `config.monitor_overrides` from the `monitor_overrides` section of `file`, whose whole text is `text`. Only
/// the shape is checked here (a map per model name, its keys known); the values are checked where monitor.yaml is
/// read. Faults are appended to `faults`.
void ReadMonitorOverrides(const YAML::Node& section, const std::string& file, const std::string& text,
                          ServerConfig& config, std::vector<std::string>& faults);

}  // namespace driftserve
