#pragma once

#include <string_view>

namespace driftserve {

/// What becomes of a field of config.pbtxt, named by its path: "dynamic_batching.priority_levels".
struct FieldRule {
  std::string_view path;
  /// Empty: honoured. Else why the field is refused.
  std::string_view refusal;
};

/// The rule of a field, or null: the field is not known. A rule for a message without rules for its fields holds for
/// all of them.
const FieldRule* FindFieldRule(std::string_view path);

}  // namespace driftserve
