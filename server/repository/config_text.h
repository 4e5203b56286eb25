#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/text_format.h"
#include "inference/model_config.pb.h"

namespace driftserve {

/// config.pbtxt as it was written, and where each of its fields stands.
struct ConfigText {
  std::string file;
  inference::ModelConfig config;
  std::shared_ptr<google::protobuf::TextFormat::ParseInfoTree> places;
};

/// INVALID_ARGUMENT with file:line:column of the first syntax fault. A field or a value of an enumeration that does
/// not exist is answered with those that do.
absl::StatusOr<ConfigText> ParseConfigText(const std::string& file, const std::string& text);

/// A configuration that came with a request: as JSON where it begins with a brace, else as text.
absl::StatusOr<ConfigText> ParseConfigOverride(const std::string& name, const std::string& text);

/// One line per field that is set but not honoured: where it stands, and why it is refused.
std::vector<std::string> RefusedFields(const ConfigText& text);

}  // namespace driftserve
