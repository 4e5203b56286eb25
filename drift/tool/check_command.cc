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
  const std::string& model = finished.input.model_name;
  ComparisonOptions reports = options.comparison;
  reports.json.clear();
  Outputs outputs;
  AddReports(finished, reports, outputs);
  if (!options.comparison.json.empty()) outputs.Add(options.comparison.json, CheckJson(verdict, warnings));
  if (!options.junit.empty()) outputs.Add(options.junit, CheckJunit(verdict, Concat("drift.", model)));
  if (!options.markdown.empty()) outputs.Add(options.markdown, CheckMarkdown(verdict, model, warnings));
  const absl::Status status = outputs.Write(console);
  if (!status.ok() || !options.github) return status;
  console.out << GithubAnnotations(verdict);
  return AddToJobSummary(console, CheckMarkdown(verdict, model, warnings));
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
  Warn(console, (*finished)->batch.evaluation.warnings);
  if (verdict.result == CheckResult::kUndecided) console.err << "drift check: " << verdict.sentence << "\n";
  if (verdict.result == CheckResult::kPass) return kDone;
  return verdict.result == CheckResult::kDrift ? kDriftFound : kBadInput;
}

}  // namespace drift
