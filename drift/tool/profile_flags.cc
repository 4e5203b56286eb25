#include <memory>

#include "drift/tool/flags.h"
#include "drift/tool/profile_command.h"

namespace drift {

void AddProfileFlags(CLI::App& app, Command& command) {
  const auto options = std::make_shared<ProfileOptions>();
  CLI::App* profile = app.add_subcommand("profile", "make a model's reference profile from the rows it was trained on");
  profile->add_option("--monitor", options->monitor, "the model's monitor.yaml")->required()->type_name("FILE");
  profile
      ->add_option("--data", options->data,
                   "rows: CSV, Parquet or Arrow files, or patterns such as 'train-*.parquet'; may be repeated")
      ->required()
      ->type_name("FILE");
  profile->add_option("--out", options->out, "the profile to write, reference.pb in the folder of the model's version")
      ->required()
      ->type_name("FILE");
  profile
      ->add_option("--model-config", options->model_config,
                   "the model's config.pbtxt, for the types of its tensors (default: beside monitor.yaml)")
      ->type_name("FILE");
  profile->add_option("--model-name", options->model_name,
                      "default: from config.pbtxt, else the folder of monitor.yaml");
  profile->add_option("--model-version", options->model_version, "default: the folder of --out, where it is a number");
  profile
      ->add_option("--time", options->time_column,
                   "a column that orders the rows: measures how many independent rows they are worth")
      ->type_name("COLUMN");
  profile
      ->add_option("--created", options->created_unix_s,
                   "Unix seconds to write into the profile (default: when the newest data file was written)")
      ->envname("SOURCE_DATE_EPOCH");
  profile->add_flag("--progress", options->progress, "show how far reading has come, on a terminal or not, from the beginning");
  profile->add_flag("--quiet", options->quiet, "print no summary and no progress");
  profile->add_flag("--json", options->json, "print the summary as JSON");
  profile->footer("Example: drift profile --monitor monitor.yaml --data 'train-*.parquet' --out 1/reference.pb");
  profile->callback([options, &command] {
    command = [options](const Console& console) { return RunProfile(*options, console); };
  });
}

}  // namespace drift
