// The `drift` command: flags only. Each subcommand is a function of its options.
#include <cstdlib>
#include <functional>
#include <iostream>

#include <CLI/CLI.hpp>

#include "drift/tool/profile_command.h"

namespace {

constexpr int kUsage = 2;

void AddProfile(CLI::App& app, std::function<int()>& run) {
  const auto options = std::make_shared<drift::ProfileOptions>();
  CLI::App* command = app.add_subcommand("profile", "make a model's reference profile from the rows it was trained on");
  command->add_option("--monitor", options->monitor, "the model's monitor.yaml")->required();
  command
      ->add_option("--data", options->data,
                   "rows: CSV, Parquet or Arrow files, or patterns such as 'train-*.parquet'; may be repeated")
      ->required();
  command->add_option("--out", options->out, "the profile to write, reference.pb in the folder of the model's version")
      ->required();
  command->add_option("--model-config", options->model_config,
                      "the model's config.pbtxt, for the types of its tensors (default: beside monitor.yaml)");
  command->add_option("--model-name", options->model_name,
                      "default: from config.pbtxt, else the folder of monitor.yaml");
  command->add_option("--model-version", options->model_version, "default: the folder of --out, where it is a number");
  command->add_option("--time", options->time_column,
                      "a column that orders the rows: measures how many independent rows they are worth");
  command
      ->add_option("--created", options->created_unix_s,
                   "Unix seconds to write into the profile (default: when the newest data file was written)")
      ->envname("SOURCE_DATE_EPOCH");
  command->add_flag("--progress", options->progress, "show on standard error how far reading has come");
  command->add_flag("--quiet", options->quiet, "print no summary");
  command->add_flag("--json", options->json, "print the summary as JSON");
  command->callback([options, &run] { run = [options] { return drift::RunProfile(*options, std::cout, std::cerr); }; });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Reference profiles for models whose inputs are watched for drift.", "drift");
  app.set_version_flag("--version", "drift " DRIFT_VERSION);
  app.require_subcommand(1);
  app.footer("Exit status: 0 done; 2 bad usage or bad input.");
  std::function<int()> run;
  AddProfile(app, run);
  try {
    app.parse(argc, argv);
    return run();
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : kUsage;
  } catch (const std::exception& error) {
    std::cerr << "drift: " << error.what() << "\n";
    return kUsage;
  }
}
