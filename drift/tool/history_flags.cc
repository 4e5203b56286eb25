#include <memory>

#include "drift/tool/backtest_command.h"
#include "drift/tool/calibrate_command.h"
#include "drift/tool/flags.h"

namespace drift {
namespace {

void AddHistory(CLI::App& command, HistoryRunOptions& options) {
  command
      .add_option("--data", options.data,
                  "the history: CSV, Parquet or Arrow files or quoted patterns; may be repeated")
      ->required()
      ->type_name("FILE");
  command.add_option("--time", options.time_column, "the column with the rows' times; rows may be in any order")
      ->required()
      ->type_name("COLUMN");
  command.add_option("--chunk", options.chunk, "how long a chunk is, UTC: 30min, 6h, 1d, 1w, 1mo (a calendar month)")
      ->required()
      ->type_name("LENGTH");
}

}  // namespace

void AddBacktestFlags(CLI::App& app, Command& command) {
  const auto options = std::make_shared<BacktestOptions>();
  HistoryRunOptions& history = options->history;
  CLI::App* backtest = app.add_subcommand("backtest", "judge a history chunk by chunk: how often would it have fired?");
  AddHistory(*backtest, history);
  AddReferenceFlags(*backtest, history.reference);
  backtest->add_option("--label", history.label_column, "the column with what really happened")->type_name("COLUMN");
  backtest->add_option("--prediction", history.prediction_column, "the column with what the model said")
      ->type_name("COLUMN");
  backtest
      ->add_option("--error", history.error, "how wrong a prediction was (default: as monitor.yaml's labels say)")
      ->check(CLI::IsMember({"log_loss", "absolute_error", "squared_error", "zero_one"}).description(""))
      ->type_name("log_loss|absolute_error|squared_error|zero_one");
  backtest
      ->add_option("--inclusion-probability", history.probability_column,
                   "a column with the probability with which a row was sampled, above 0 and up to 1")
      ->type_name("COLUMN");
  backtest->add_option("--weight", history.weight_column, "instead: a column with how many rows one stands for, from 1")
      ->type_name("COLUMN");
  AddFileOrOutput(*backtest, "--json", options->json, "every figure as JSON");
  backtest->add_flag("--quiet", history.quiet, "print no tables and no progress");
  backtest->footer(
      "Without a reference each chunk is compared with the whole history.\n"
      "Example: drift backtest --data 2013.parquet --time when --chunk 1mo --reference 1/reference.pb\n"
      "Exit status: 0 done, whatever was found; 2 bad usage or bad input.");
  backtest->callback([options, &command] {
    command = [options](const Console& console) { return RunBacktest(*options, console); };
  });
}

void AddCalibrateFlags(CLI::App& app, Command& command) {
  const auto options = std::make_shared<CalibrateOptions>();
  HistoryRunOptions& history = options->history;
  CLI::App* calibrate =
      app.add_subcommand("calibrate", "find the tolerances with which chunks without drift alarm at a stated rate");
  AddHistory(*calibrate, history);
  calibrate->add_option("--monitor", history.reference.monitor, "the monitor.yaml to calibrate")
      ->required()
      ->type_name("FILE");
  calibrate
      ->add_option("--model-config", history.reference.model_config, "config.pbtxt (default: beside monitor.yaml)")
      ->type_name("FILE");
  calibrate->add_flag("--features-only", history.reference.features_only,
                      "leave predictions out, for files that do not have them");
  calibrate
      ->add_option("--false-alarm-rate", options->false_alarm_rate,
                   "share of chunks that may reach `warning` by one measure (default 0.01)")
      ->type_name("RATE");
  calibrate->add_flag("--in-place", options->in_place, "write the tolerances into monitor.yaml; comments stay");
  calibrate->add_option("--out", options->out, "write a monitor.yaml with them here")->type_name("FILE");
  AddFileOrOutput(*calibrate, "--json", options->json, "the result as JSON");
  calibrate->add_flag("--quiet", history.quiet, "print no table and no progress");
  calibrate->footer(
      "Example: drift calibrate --monitor monitor.yaml --data train.parquet --time when --chunk 1d --in-place\n"
      "Exit status: 0 done; 2 bad usage or bad input.");
  calibrate->callback([options, &command] {
    command = [options](const Console& console) { return RunCalibrate(*options, console); };
  });
}

}  // namespace drift
