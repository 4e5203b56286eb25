#pragma once

#include <string>

#include "drift/tool/check_verdict.h"
#include "drift/tool/comparison_run.h"

namespace drift {

/// `drift check`: what its flags say.
struct CheckOptions {
  ComparisonOptions comparison;  // its `json` is the check's own
  FailOn fail_on = FailOn::kDrifted;
  bool ignore_unready = false;
  std::string junit, markdown;  // files; "-": standard output; empty: not written
  bool github = false;          // annotations on standard output, and the summary of the job
};

/// Judges the rows and prints a table. kDone where all pass, kDriftFound, or kBadInput where the input is bad or there
/// are too few rows to judge.
int RunCheck(const CheckOptions& options, const Console& console);

}  // namespace drift
