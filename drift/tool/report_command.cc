#include "drift/tool/report_command.h"

#include "drift/tool/check_output.h"
#include "drift/tool/check_verdict.h"

namespace drift {

int RunReport(const ComparisonOptions& options, const Console& console) {
  const auto finished = RunComparison(options, console);
  if (!finished.ok()) return Complain(console, "report", finished.status());
  Outputs outputs;
  AddReports(**finished, options, outputs);
  if (const absl::Status status = outputs.Write(console); !status.ok()) return Complain(console, "report", status);
  const Evaluation& evaluation = (*finished)->batch.evaluation;
  const bool nothing_asked = options.html.empty() && options.json.empty() && options.evidently_json.empty() &&
                             options.summary.empty();
  if (nothing_asked && !options.quiet) {
    const CheckVerdict verdict = JudgeCheck(evaluation, FailOn::kDrifted, false);
    console.out << CheckTable(verdict) << "\n" << verdict.sentence << "\n";
  }
  Warn(console, evaluation.warnings);
  return kDone;
}

}  // namespace drift
