#pragma once

#include <string>
#include <vector>

#include "drift/tool/check_verdict.h"

namespace drift {

/// Feature, measure, value, threshold, p, state; a column of strata where there are any.
std::string CheckTable(const CheckVerdict& verdict);

/// {"schema_version": 1, "result": "pass" | "drift" | "undecided", "passed", "sentence", "rows": […], "warnings": […]}.
/// What does not exist is absent.
std::string CheckJson(const CheckVerdict& verdict, const std::vector<std::string>& warnings);

/// JUnit XML: a test case for each row; what failed is a failure, what could not be judged an error (skipped where that
/// does not count).
std::string CheckJunit(const CheckVerdict& verdict, const std::string& suite);

/// GitHub's workflow commands: `::error …` for what failed, `::warning …` for the state "warning" and what could not be
/// judged.
std::string GithubAnnotations(const CheckVerdict& verdict);

/// The verdict and its table in GitHub's Markdown, for a job's summary.
std::string CheckMarkdown(const CheckVerdict& verdict, const std::string& title,
                          const std::vector<std::string>& warnings);

}  // namespace drift
