#pragma once

#include <string>

#include "drift/report/report.h"

namespace drift {

/// One sentence that says what holds, and what a reader wants to know next. Plain text of UTF-8.
///   "3 of 11 features drifted, worst temp (PSI 7.68, alert above 0.26); predictions are stable; quality fell since
///   3 October."
struct Verdict {
  std::string sentence;
  std::string detail;  // may be empty
};
Verdict VerdictOf(const ReportInput& input);

/// A name within a sentence: as it is where it is one plain word, else in quotation marks. At most 60 bytes.
std::string InSentence(const std::string& name);

}  // namespace drift
