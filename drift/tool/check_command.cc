#include "drift/tool/check_command.h"

#include "drift/profile/text.h"
#include "drift/profile/text_file.h"
#include "drift/tool/check_output.h"

namespace drift {
namespace {

constexpr size_t kLargestSummary = 1 << 20;  // GitHub's own limit

/// GitHub gives every step the name of a file to add its summary to; other steps' text in it stays.
absl::Status AddToJobSummary(const Console& console, const std::string& text) {
  const std::string path = console.environment("GITHUB_STEP_SUMMARY");
  if (path.empty()) return absl::OkStatus();
  auto before = ReadFile(path, kLargestSummary);
  if (!before.ok() && !absl::IsNotFound(before.status())) return before.status();
  return WriteFileAtomically(path, before.ok() ? *before + text : text);
}

absl::Status WriteAll(const CheckOptions& options, const FinishedComparison& finished, const CheckVerdict& verdict,
                      const Console& console) {
  const std::vector<std::string>& warnings = finished.batch.evaluation.warnings;
  ComparisonOptions reports = options.comparison;
  reports.json.clear();
  absl::Status status = WriteReports(finished, reports, console);
  const auto write = [&](const std::string& path, const auto& render) {
    if (!path.empty() && status.ok()) status = WriteOutput(console, path, render());
  };
  write(options.comparison.json, [&] { return CheckJson(verdict, warnings); });
  write(options.junit, [&] { return CheckJunit(verdict, Concat("drift.", finished.input.model_name)); });
  write(options.markdown, [&] { return CheckMarkdown(verdict, finished.input.model_name, warnings); });
  if (status.ok() && options.github) {
    console.out << GithubAnnotations(verdict);
    status = AddToJobSummary(console, CheckMarkdown(verdict, finished.input.model_name, warnings));
  }
  return status;
}

bool PrintsSomethingElse(const CheckOptions& options) {
  const ComparisonOptions& files = options.comparison;
  for (const std::string* path : {&files.html, &files.json, &files.evidently_json, &files.summary, &options.junit,
                                  &options.markdown}) {
    if (*path == "-") return true;
  }
  return false;
}

}  // namespace

int RunCheck(const CheckOptions& options, const Console& console) {
  const auto finished = RunComparison(options.comparison, console);
  if (!finished.ok()) return Complain(console, "check", finished.status());
  const CheckVerdict verdict = JudgeCheck((*finished)->batch.evaluation, options.fail_on, options.ignore_unready);
  if (const absl::Status status = WriteAll(options, **finished, verdict, console); !status.ok()) {
    return Complain(console, "check", status);
  }
  if (!options.comparison.quiet && !PrintsSomethingElse(options)) {
    console.out << CheckTable(verdict) << "\n" << verdict.sentence << "\n";
  }
  for (const std::string& warning : (*finished)->batch.evaluation.warnings) {
    console.err << "warning: " << warning << "\n";
  }
  if (verdict.result == CheckResult::kUndecided) console.err << "drift check: " << verdict.sentence << "\n";
  if (verdict.result == CheckResult::kPass) return kDone;
  return verdict.result == CheckResult::kDrift ? kDriftFound : kBadInput;
}

}  // namespace drift
