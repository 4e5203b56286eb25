#include <array>
#include <string_view>

#include "drift/evaluation.h"
#include "drift/monitor.h"
#include "drift/reference.h"

namespace drift {

std::string_view Name(Role role) {
  constexpr std::array<std::string_view, 3> kNames = {"feature", "prediction", "label"};
  return kNames[static_cast<std::size_t>(role)];
}

std::string_view Name(Kind kind) { return kind == Kind::kNumeric ? "numeric" : "categorical"; }

std::string_view Name(Measure measure) {
  constexpr std::array<std::string_view, 7> kNames = {"psi",       "ks",         "wasserstein", "jensen_shannon",
                                                      "hellinger", "l_infinity", "chi_square"};
  return kNames[static_cast<std::size_t>(measure)];
}

std::string_view Name(Multiplicity multiplicity) {
  constexpr std::array<std::string_view, 4> kNames = {"benjamini_hochberg", "holm", "bonferroni", "none"};
  return kNames[static_cast<std::size_t>(multiplicity)];
}

std::string_view Name(State state) {
  constexpr std::array<std::string_view, 6> kNames = {"warming", "observing", "stable", "warning", "drifted", "stale"};
  return kNames[static_cast<std::size_t>(state)];
}

}  // namespace drift
