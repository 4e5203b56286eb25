#pragma once

#include <string>

#include "drift/batch/backtest.h"
#include "drift/tool/history_run.h"

namespace drift {

/// `drift backtest`: what its flags say.
struct BacktestOptions {
  HistoryRunOptions history;
  std::string json;  // file; "-": standard output; empty: not written
};

/// Judges a history chunk by chunk and prints two tables: the chunks, with the model's error beside, and how often each
/// threshold would have fired. kDone whatever was found, or kBadInput.
int RunBacktest(const BacktestOptions& options, const Console& console);

/// The two tables. `error`: the name of the error measure, empty without labels.
std::string BacktestTables(const Backtest& backtest, const Chunking& chunking, const std::string& error);

/// Every figure, schema version 1; what does not exist is absent.
std::string BacktestJson(const Backtest& backtest, const CountedHistory& counted);

}  // namespace drift
