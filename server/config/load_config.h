#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/config/server_config.h"

namespace driftserve {

/// Where the parts of a configuration come from.
struct ConfigSources {
  std::string file;                                              // empty: none
  std::map<std::string, std::string> environment;                // only DRIFTSERVE_…__… entries are read
  std::vector<std::pair<std::string, std::string>> flags;        // {"grpc.address", "0.0.0.0:8001"}
};

/// Reads and merges the sources and checks every bound. INVALID_ARGUMENT lists every fault, one per line, each
/// naming where it stands (file:line:column, variable or flag), what was expected and what came.
absl::StatusOr<ServerConfig> LoadServerConfig(const ConfigSources& sources);

/// The configuration in force as YAML that LoadServerConfig reads back to the same values.
/// Passwords among kafka.properties are printed too.
std::string PrintServerConfig(const ServerConfig& config);

/// Every option with default, accepted values and meaning, as a Markdown table.
std::string DescribeServerConfig();

}  // namespace driftserve
