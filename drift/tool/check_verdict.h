#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drift/evaluation.h"
#include "drift/monitor.h"

namespace drift {

/// From which state on `drift check` fails.
enum class FailOn { kWarning, kDrifted, kDataset };

/// One line of a check: a measure of a feature, in the population or one stratum.
struct CheckRow {
  std::string stratum, feature;  // stratum empty: the population
  Role role = Role::kFeature;
  std::string measure;  // "psi", "ks"; empty where the feature could not be judged
  std::optional<double> value, threshold, p_value;  // against the level that decides: alert, or warn with kWarning
  State state = State::kWarming;
  bool failed = false;
  bool undecided = false;  // it was not ready, and that counts
  std::string reason;      // why not ready, or "constant"
};

enum class CheckResult { kPass, kDrift, kUndecided };

struct CheckVerdict {
  CheckResult result = CheckResult::kPass;
  std::vector<CheckRow> rows;  // population first; what failed first, then as in the reference
  std::string sentence;        // "2 of 12 features drifted: temp, dewp"
};

/// Drift where anything failed; else undecided where a feature of the population is not ready, unless `ignore_unready`
/// (but never where nothing at all was ready); else a pass. Strata that are not ready are only shown.
CheckVerdict JudgeCheck(const Evaluation& evaluation, FailOn fail_on, bool ignore_unready);

}  // namespace drift
