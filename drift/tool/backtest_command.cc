#include "drift/tool/backtest_command.h"

namespace drift {

int RunBacktest(const BacktestOptions& options, const Console& console) {
  auto counted = ReadHistory(options.history, console);
  if (!counted.ok()) return Complain(console, "backtest", counted.status());
  CountedHistory& read = **counted;
  const Backtest backtest = JudgeHistory(read.reference.reference, read.reference.monitor.evaluator(), read.history);
  if (!options.json.empty()) {
    const absl::Status status = WriteOutput(console, options.json, BacktestJson(backtest, read));
    if (!status.ok()) return Complain(console, "backtest", status);
  }
  if (!options.history.quiet && options.json != "-") {
    console.out << BacktestTables(backtest, read.chunking, read.error ? std::string(Name(*read.error)) : "");
  }
  for (const std::string& warning : read.history.warnings) console.err << "warning: " << warning << "\n";
  return kDone;
}

}  // namespace drift
