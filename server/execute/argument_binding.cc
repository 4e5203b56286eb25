#include "server/execute/argument_binding.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "absl/status/status.h"
#include "server/base/text.h"

namespace driftserve {
namespace {

// "INPUT__3" → 3
std::optional<int> PositionInName(std::string_view name) {
  const size_t underscores = name.rfind("__");
  if (underscores == name.npos || underscores == 0) return std::nullopt;
  return ParseWhole<int>(name.substr(underscores + 2));
}

int IndexOf(const std::vector<std::string>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

// Positions of `specs` among `names` (`count` of them; −1: not known): by name, by number or by order. A spec
// without a place gets −1 and a fault.
std::vector<int> Places(const std::vector<TensorSpec>& specs, const std::vector<std::string>& names, int count,
                        std::string_view what, std::string_view of, std::vector<std::string>& faults) {
  std::vector<int> by_name, by_number;
  for (const TensorSpec& spec : specs) {
    by_name.push_back(IndexOf(names, spec.name));
    by_number.push_back(PositionInName(spec.name).value_or(-1));
  }
  const auto unknown = [](int place) { return place < 0; };
  const bool all_numbered = std::none_of(by_number.begin(), by_number.end(), unknown);
  const bool any_named = !std::all_of(by_name.begin(), by_name.end(), unknown);
  std::vector<int> places(specs.size());
  std::set<int> taken;
  for (size_t i = 0; i < specs.size(); ++i) {
    places[i] = any_named ? by_name[i] : all_numbered ? by_number[i] : static_cast<int>(i);
    if (places[i] < 0) {
      faults.push_back(
          Concat(what, " `", specs[i].name, "`: expected ", of, " of that name, it has ", Join(names, ", ")));
    } else if (count >= 0 && places[i] >= count) {
      faults.push_back(Concat(what, " `", specs[i].name, "`: expected at most ", count, ", as many as it has ", of));
      places[i] = -1;
    } else if (!taken.insert(places[i]).second) {
      faults.push_back(Concat(what, " `", specs[i].name, "`: another one has the same place in forward()"));
    }
  }
  return places;
}

bool IsText(DataType type) { return type == DataType::kBytes; }

bool TakesNone(const ForwardArgument& argument) {
  return argument.has_default || std::string_view(argument.type).starts_with("Optional[");
}

// Types that can be served, and whether they carry texts; nothing for others.
std::optional<bool> CarriesText(std::string_view type) {
  if (type == "Tensor" || type == "Optional[Tensor]") return false;
  if (type == "List[str]" || type == "Optional[List[str]]") return true;
  return std::nullopt;
}

std::string TypeFault(std::string_view what, const TensorSpec& spec, std::string_view type) {
  const std::optional<bool> text = CarriesText(type);
  if (!text) {
    return Concat(what, " `", spec.name, "`: forward() has type ", type, " there, expected Tensor or List[str]");
  }
  if (*text == IsText(spec.type)) return "";
  return Concat(what, " `", spec.name, "`: data_type ", Name(spec.type), " needs ",
                IsText(spec.type) ? "List[str]" : "Tensor", " in forward(), which has ", type);
}

absl::Status AsStatus(const std::vector<std::string>& faults) {
  return faults.empty() ? absl::OkStatus() : absl::InvalidArgumentError(Join(faults, "\n"));
}

}  // namespace

absl::StatusOr<std::vector<int>> BindArguments(const std::vector<ForwardArgument>& arguments,
                                               const std::vector<TensorSpec>& inputs) {
  std::vector<std::string> faults, names;
  for (const ForwardArgument& argument : arguments) names.push_back(argument.name);
  const std::vector<int> places =
      Places(inputs, names, static_cast<int>(arguments.size()), "input", "arguments of forward()", faults);
  std::vector<int> sources(arguments.size(), -1);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (places[i] < 0) continue;
    sources[places[i]] = static_cast<int>(i);
    const ForwardArgument& argument = arguments[places[i]];
    if (std::string fault = TypeFault("input", inputs[i], argument.type); !fault.empty())
      faults.push_back(std::move(fault));
    if (inputs[i].optional && !TakesNone(argument)) {
      faults.push_back(Concat("input `", inputs[i].name, "`: optional, but argument `", argument.name,
                              "` of forward() has no default and is no Optional[…]"));
    }
  }
  for (size_t i = 0; i < arguments.size() && faults.empty(); ++i) {
    if (sources[i] < 0 && !TakesNone(arguments[i])) {
      faults.push_back(
          Concat("argument `", arguments[i].name, "` (", arguments[i].type, ") of forward(): no input feeds it"));
    }
  }
  if (!faults.empty()) return AsStatus(faults);
  return sources;
}

absl::StatusOr<std::vector<int>> BindResults(const ForwardResult& result, const std::vector<TensorSpec>& outputs) {
  std::vector<std::string> faults;
  if (result.kind == ForwardResult::Kind::kDictionary) {
    for (const TensorSpec& spec : outputs) {
      if (std::string fault = TypeFault("output", spec, result.types[0]); !fault.empty())
        faults.push_back(std::move(fault));
    }
    if (!faults.empty()) return AsStatus(faults);
    return std::vector<int>(outputs.size(), 0);
  }
  const bool is_list = result.kind == ForwardResult::Kind::kSequence && result.types.empty();
  const int count = is_list ? -1 : static_cast<int>(result.types.size());
  const std::vector<int> places = Places(outputs, result.names, count, "output", "results of forward()", faults);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (places[i] < 0) continue;
    const std::string_view type = is_list ? "Tensor" : std::string_view(result.types[places[i]]);
    if (std::string fault = TypeFault("output", outputs[i], type); !fault.empty()) faults.push_back(std::move(fault));
  }
  if (!faults.empty()) return AsStatus(faults);
  return places;
}

}  // namespace driftserve
