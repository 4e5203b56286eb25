#include "server/config/option_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "server/base/text.h"

namespace driftserve {
namespace {

struct UnitName {
  std::string_view suffix;
  OptionUnit family;  // kMilliseconds stands for time, kBytes for sizes
  double factor;      // in nanoseconds or bytes
};

constexpr std::array<UnitName, 15> kUnits = {{
    {"ns", OptionUnit::kMilliseconds, 1},
    {"us", OptionUnit::kMilliseconds, 1e3},
    {"µs", OptionUnit::kMilliseconds, 1e3},
    {"ms", OptionUnit::kMilliseconds, 1e6},
    {"s", OptionUnit::kMilliseconds, 1e9},
    {"m", OptionUnit::kMilliseconds, 60e9},
    {"h", OptionUnit::kMilliseconds, 3600e9},
    {"B", OptionUnit::kBytes, 1},
    {"KiB", OptionUnit::kBytes, 1024},
    {"MiB", OptionUnit::kBytes, 1048576},
    {"GiB", OptionUnit::kBytes, 1073741824},
    {"TiB", OptionUnit::kBytes, 1099511627776},
    {"kB", OptionUnit::kBytes, 1e3},
    {"MB", OptionUnit::kBytes, 1e6},
    {"GB", OptionUnit::kBytes, 1e9},
}};

double BaseFactor(OptionUnit unit) {
  return unit == OptionUnit::kMicroseconds ? 1e3 : unit == OptionUnit::kMilliseconds ? 1e6 : 1;
}

std::string_view UnitWord(OptionUnit unit) {
  switch (unit) {
    case OptionUnit::kMicroseconds:
      return " of microseconds";
    case OptionUnit::kMilliseconds:
      return " of milliseconds";
    case OptionUnit::kBytes:
      return " of bytes";
    case OptionUnit::kNone:
      return "";
  }
  return "";
}

// "1500", or "2s" where the option has a unit. Nothing where that is no whole number of the option's unit.
std::optional<int64_t> ParseNumber(std::string_view text, OptionUnit unit) {
  if (const std::optional<int64_t> plain = ParseWhole<int64_t>(text)) return plain;
  if (unit == OptionUnit::kNone) return std::nullopt;
  const size_t digits = text.find_first_not_of("0123456789.");
  const std::optional<double> amount = ParseWhole<double>(text.substr(0, digits));
  if (digits == text.npos || !amount) return std::nullopt;
  const std::string_view suffix = Trim(text.substr(digits));
  const bool is_size = unit == OptionUnit::kBytes;
  for (const UnitName& name : kUnits) {
    if (name.suffix != suffix || (name.family == OptionUnit::kBytes) != is_size) continue;
    const double value = *amount * name.factor / BaseFactor(unit);
    if (value > 9e15 || value != static_cast<double>(static_cast<int64_t>(value))) return std::nullopt;
    return static_cast<int64_t>(value);
  }
  return std::nullopt;
}

bool IsAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return false;
  const std::string_view host = text.substr(0, colon), port = text.substr(colon + 1);
  if (host.find(':') != host.npos && (host.front() != '[' || host.back() != ']')) return false;
  return ParseWhole<uint16_t>(port).has_value();
}

bool IsText(const Option& option, std::string_view text) {
  switch (option.text) {
    case OptionText::kAny:
      return true;
    case OptionText::kRequired:
      return !text.empty();
    case OptionText::kAddress:
      return IsAddress(text);
    case OptionText::kChoice:
      return std::find(option.choices.begin(), option.choices.end(), text) != option.choices.end();
  }
  return false;
}

// One overload per kind of field; false where the text does not fit.
struct Setter {
  const Option& option;
  std::string_view text;

  bool operator()(std::string* field) const {
    if (!IsText(option, text)) return false;
    *field = text;
    return true;
  }
  bool operator()(bool* field) const {
    if (text != "true" && text != "false") return false;
    *field = text == "true";
    return true;
  }
  bool operator()(double* field) const {
    const std::optional<double> value = ParseWhole<double>(text);
    const bool inside = value && *value >= static_cast<double>(option.lowest) &&
                        *value <= static_cast<double>(option.highest);
    if (inside) *field = *value;
    return inside;
  }
  template <typename Integer>
  bool operator()(Integer* field) const {
    const std::optional<int64_t> value = ParseNumber(text, option.unit);
    if (!value || *value < option.lowest || *value > option.highest) return false;
    *field = static_cast<Integer>(*value);
    return true;
  }
  bool operator()(std::vector<std::string>* field) const {
    field->clear();
    for (const std::string_view item : Split(text, ',')) {
      if (!Trim(item).empty()) field->emplace_back(Trim(item));
    }
    return true;
  }
  bool operator()(std::map<std::string, std::string>*) const { return false; }
};

struct Describer {
  const Option& option;

  std::string operator()(std::string*) const {
    switch (option.text) {
      case OptionText::kAny:
        return "a text";
      case OptionText::kRequired:
        return "a text that is not empty";
      case OptionText::kAddress:
        return "host:port, the port from 0 to 65535";
      case OptionText::kChoice:
        return Concat("one of ", Join(option.choices, ", "));
    }
    return "";
  }
  std::string operator()(bool*) const { return "true or false"; }
  std::string operator()(double*) const { return Concat("a number from ", option.lowest, " to ", option.highest); }
  template <typename Integer>
  std::string operator()(Integer*) const {
    return Concat("a whole number", UnitWord(option.unit), " from ", option.lowest, " to ", option.highest);
  }
  std::string operator()(std::vector<std::string>*) const { return "a list of texts"; }
  std::string operator()(std::map<std::string, std::string>*) const { return "a map from text to text"; }
};

struct Printer {
  std::string operator()(std::string* field) const { return *field; }
  std::string operator()(bool* field) const { return *field ? "true" : "false"; }
  std::string operator()(double* field) const {
    char text[32];
    return std::string(text, std::to_chars(text, text + sizeof(text), *field).ptr);
  }
  template <typename Integer>
  std::string operator()(Integer* field) const {
    return Concat(*field);
  }
  std::string operator()(std::vector<std::string>* field) const { return Join(*field, ","); }
  std::string operator()(std::map<std::string, std::string>*) const { return ""; }
};

}  // namespace

std::string SetOption(const Option& option, ServerConfig& config, std::string_view text) {
  if (std::visit(Setter{option, text}, option.field(config))) return "";
  return Concat("expected ", Expected(option), ", got `", text, "`");
}

std::string Expected(const Option& option) {
  ServerConfig config;
  return std::visit(Describer{option}, option.field(config));
}

std::string ValueText(const Option& option, const ServerConfig& config) {
  // The table hands out addresses of members that may be written; reading through one is all that happens here.
  return std::visit(Printer{}, option.field(const_cast<ServerConfig&>(config)));
}

}  // namespace driftserve
