#include <memory>

#include "drift/tool/check_command.h"
#include "drift/tool/flags.h"

namespace drift {

void AddCheckFlags(CLI::App& app, Command& command) {
  const auto options = std::make_shared<CheckOptions>();
  CLI::App* check = app.add_subcommand("check", "the same for CI: a table, and an exit status that says pass or drift");
  AddComparisonFlags(*check, options->comparison);
  AddTopicFlags(*check, options->comparison.topic);
  AddOutputFlags(*check, options->comparison);
  AddFileOrOutput(*check, "--junit", options->junit, "JUnit XML");
  AddFileOrOutput(*check, "--markdown", options->markdown, "the table in Markdown");
  check->add_flag("--github", options->github,
                  "GitHub annotations on standard output, and the table in the job's summary");
  check
      ->add_option_function<std::string>(
          "--fail-on",
          [options](const std::string& from) {
            options->fail_on = from == "warning"   ? FailOn::kWarning
                               : from == "dataset" ? FailOn::kDataset
                                                   : FailOn::kDrifted;
          },
          "fail from this state of any feature on (default drifted), or once the dataset has drifted")
      ->check(CLI::IsMember({"warning", "drifted", "dataset"}).description(""))
      ->type_name("warning|drifted|dataset");
  check->add_flag("--ignore-unready", options->ignore_unready, "features with too few rows to judge do not count");
  check->footer(
      "Example: drift check --reference 1/reference.pb --current candidate.parquet --junit drift.xml\n"
      "Exit status: 0 all pass; 1 drift was found; 2 bad usage, bad input, or too few rows to judge.");
  check->callback([options, &command] {
    command = [options](const Console& console) { return RunCheck(*options, console); };
  });
}

}  // namespace drift
