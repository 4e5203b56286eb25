// Every command that reads rows shows how far it is on a terminal, once two seconds have passed, and only there.
#include <functional>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drift/tool/backtest_command.h"
#include "drift/tool/calibrate_command.h"
#include "drift/tool/check_command.h"
#include "drift/tool/profile_command.h"
#include "drift/tool/report_command.h"
#include "tests/drift_table/scratch_files.h"

namespace drift {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Rows of ten days, a hundred a day.
std::string Rows() {
  std::string rows = "when,x\n";
  for (int i = 0; i < 1000; ++i) {
    rows += std::to_string(1'700'006'400 + i * 864) + "," + std::to_string((i * 37 % 1009) / 7.0) + "\n";
  }
  return rows;
}

class CommandsProgressTest : public FilesTest {
 protected:
  CommandsProgressTest() : rows_(Write("rows.csv", Rows())) {
    monitor_ = Write("monitor.yaml", "features: [{name: x, input: x, type: numeric}]\n");
  }

  ComparisonOptions Comparison() const {
    ComparisonOptions options;
    options.reference.data = {rows_};
    options.current = {rows_};
    options.reference.not_features = {"when"};
    options.time_column = "when";
    return options;
  }
  HistoryRunOptions History() const {
    HistoryRunOptions options;
    options.data = {rows_};
    options.time_column = "when";
    options.chunk = "1d";
    options.reference.monitor = monitor_;
    return options;
  }

  /// What the command writes to standard error, on a clock that a second and a half pass on at each look.
  std::string ErrOf(const std::function<int(const Console&)>& run, bool terminal) {
    std::ostringstream out, err;
    int64_t now_ns = 0;
    const Console console{out, err, terminal, "drift", [&now_ns] { return now_ns += 1'500'000'000; },
                          [] { return int64_t{1'700'900'000} * 1'000'000'000; },
                          [](const std::string&) { return std::string(); }};
    EXPECT_EQ(run(console), kDone) << err.str();
    return err.str();
  }

  void ExpectBars(const std::function<int(const Console&)>& run, const std::vector<std::string>& bars) {
    const std::string shown = ErrOf(run, true);
    for (const std::string& bar : bars) EXPECT_THAT(shown, HasSubstr("\r" + bar + " ["));
    EXPECT_THAT(ErrOf(run, false), Not(HasSubstr("\r")));
  }

  const std::string rows_;
  std::string monitor_;
};

TEST_F(CommandsProgressTest, Profile) {
  ProfileOptions options;
  options.monitor = monitor_;
  options.data = {rows_, rows_};
  options.out = Path("reference.pb");
  ExpectBars([&](const Console& console) { return RunProfile(options, console); }, {"reading rows"});
  options.quiet = true;
  EXPECT_THAT(ErrOf([&](const Console& console) { return RunProfile(options, console); }, true), Not(HasSubstr("\r")));
}

TEST_F(CommandsProgressTest, ReportAndCheck) {
  ComparisonOptions options = Comparison();
  options.reference.data = options.current = {rows_, rows_};
  ExpectBars([&](const Console& console) { return RunReport(options, console); }, {"reference", "current"});
  CheckOptions check;
  check.comparison = options;
  ExpectBars([&](const Console& console) { return RunCheck(check, console); }, {"reference", "current"});
}

TEST_F(CommandsProgressTest, BacktestAndCalibrate) {
  BacktestOptions backtest;
  backtest.history = History();
  backtest.history.data = {rows_, rows_};
  ExpectBars([&](const Console& console) { return RunBacktest(backtest, console); }, {"reference", "history"});
  CalibrateOptions calibrate;
  calibrate.history = backtest.history;
  calibrate.false_alarm_rate = 0.2;
  ExpectBars([&](const Console& console) { return RunCalibrate(calibrate, console); }, {"reference", "history"});
}

}  // namespace
}  // namespace drift
