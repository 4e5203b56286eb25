#include <memory>

#include "drift/tool/flags.h"
#include "drift/tool/report_command.h"

namespace drift {

void AddReportFlags(CLI::App& app, Command& command) {
  const auto options = std::make_shared<ComparisonOptions>();
  CLI::App* report = app.add_subcommand("report", "compare rows with a reference and write what there is to see");
  AddComparisonFlags(*report, *options);
  AddTopicFlags(*report, options->topic);
  AddOutputFlags(*report, *options);
  report->footer(
      "Example: drift report --reference 1/reference.pb --current 'week-*.parquet' --html week.html\n"
      "Exit status: 0 done, whatever was found; 2 bad usage or bad input.");
  report->callback([options, &command] {
    command = [options](const Console& console) { return RunReport(*options, console); };
  });
}

}  // namespace drift
