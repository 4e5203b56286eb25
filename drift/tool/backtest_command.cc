#include "drift/tool/backtest_command.h"

namespace drift {

int RunBacktest(const BacktestOptions& options, const Console& console) {
  auto counted = ReadHistory(options.history, console);
  if (!counted.ok()) return Complain(console, "backtest", counted.status());
  CountedHistory& read = **counted;
  const Backtest backtest = JudgeHistory(read.reference.reference, read.reference.monitor.evaluator(), read.history);
  Outputs outputs;
  if (!options.json.empty()) outputs.Add(options.json, BacktestJson(backtest, read));
  if (const absl::Status status = outputs.Write(console); !status.ok()) return Complain(console, "backtest", status);
  if (!options.history.quiet && options.json != "-") {
    console.out << BacktestTables(backtest, read.chunking, read.error ? std::string(Name(*read.error)) : "");
  }
  Warn(console, read.history.warnings);
  return kDone;
}

}  // namespace drift
