#pragma once

#include <string_view>

namespace driftserve {

/// What becomes of a field of config.pbtxt, named by its path: "dynamic_batching.priority_levels".
struct FieldRule {
  std::string_view path;
  /// Empty: honoured. Else why the field is refused.
  std::string_view refusal;
};

/// The rule of a field, or null: the field is not known. Every field down to the last has a rule, or a message around
/// it is refused; of a map, the messages that it holds are called "value".
const FieldRule* FindFieldRule(std::string_view path);

}  // namespace driftserve
