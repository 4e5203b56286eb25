#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "drift/report/report.h"

namespace drift {

/// The most frequent of the values given, in bounded memory (Misra and Gries, 1982). With at most 2 · kKept distinct
/// values weights are exact; else each is too small by less than the whole weight / kKept, and no value above that is
/// lost. Value type.
class AppearedValues {
 public:
  static constexpr size_t kKept = 1000;
  static constexpr size_t kLongestValue = 256;  // bytes; longer ones are cut

  void Add(std::string_view value, double weight);

  /// The largest, at most `most`; shares of `whole`.
  std::vector<AppearedCategory> Largest(size_t most, double whole) const;

 private:
  void Shrink();

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, double, Hash, std::equal_to<>> weights_;
};

}  // namespace drift
