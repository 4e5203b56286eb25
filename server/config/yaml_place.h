#pragma once

#include <string>

#include "server/base/text.h"
#include "yaml-cpp/yaml.h"

namespace driftserve {

/// "file:line:column", counted from 1.
inline std::string Place(const std::string& file, const YAML::Mark& mark) {
  return Concat(file, ":", mark.line + 1, ":", mark.column + 1);
}

/// What a node is, for messages.
inline std::string Kind(const YAML::Node& node) {
  if (node.IsMap()) return "a map";
  if (node.IsSequence()) return "a list";
  if (node.IsScalar()) return Concat("`", node.Scalar(), "`");
  return "nothing";
}

}  // namespace driftserve
