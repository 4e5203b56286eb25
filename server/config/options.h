#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/types/span.h"
#include "server/config/server_config.h"

namespace driftserve {

/// Where an option's value lives in a configuration.
using OptionField =
    std::variant<std::string*, bool*, int*, int64_t*, double*, std::vector<std::string>*,
                 std::map<std::string, std::string>*>;

/// What a number counts. A number with a unit may be written as a plain number of the unit that its name ends in
/// ("linger_ms: 50"), or with a unit of its own ("linger_ms: 2s"), as long as the result is a whole number.
enum class OptionUnit { kNone, kMicroseconds, kMilliseconds, kBytes };

/// What a text may be.
enum class OptionText { kAny, kRequired, kAddress, kChoice };

/// One option of the server: the single place that knows its name, unit, bounds and meaning. Its default is that of
/// ServerConfig's member. Parsing, checking, printing and the documentation are all made from this.
struct Option {
  std::string_view name;  // "section.key"
  OptionField (*field)(ServerConfig&);
  std::string_view description;
  int64_t lowest = 0;  // of a number, inclusive
  int64_t highest = 0;
  OptionUnit unit = OptionUnit::kNone;
  OptionText text = OptionText::kAny;
  std::vector<std::string_view> choices = {};  // of a text
};

/// Every option, section by section.
absl::Span<const Option> Options();

/// Null where no option has that name.
const Option* FindOption(std::string_view name);

/// "section.key" → "DRIFTSERVE_SECTION__KEY".
std::string EnvironmentName(std::string_view option_name);

}  // namespace driftserve
