#include "drift/tool/flags.h"

namespace drift {

CLI::Option* AddFileOrOutput(CLI::App& command, const std::string& flag, std::string& path, const std::string& what) {
  return command.add_option(flag, path, what + " (without a name: on standard output)")
      ->expected(0, 1)
      ->default_str("-")
      ->type_name("[FILE]");
}

void AddReferenceFlags(CLI::App& command, ReferenceOptions& options) {
  command.add_option("--reference", options.file, "the profile to compare with, made by drift profile")
      ->type_name("FILE");
  command
      .add_option("--reference-data", options.data,
                  "instead: the rows to compare with; CSV, Parquet or Arrow files or patterns; may be repeated")
      ->type_name("FILE");
  command
      .add_option("--monitor", options.monitor,
                  "monitor.yaml: features, measures and thresholds (default: all columns, PSI 0.1/0.25, KS 0.1/0.2)")
      ->type_name("FILE");
  command.add_option("--model-config", options.model_config, "config.pbtxt (default: beside monitor.yaml)")
      ->type_name("FILE");
  command.add_flag("--features-only", options.features_only,
                   "leave predictions out, for files that do not have them");
}

void AddComparisonFlags(CLI::App& command, ComparisonOptions& options) {
  AddReferenceFlags(command, options.reference);
  command
      .add_option("--current", options.current,
                  "the rows to judge: CSV, Parquet or Arrow files or quoted patterns; may be repeated. Or the records "
                  "of a topic: kafka://host:9092/topic")
      ->type_name("FILE");
  command
      .add_option("--time", options.time_column,
                  "a column with the rows' times: Unix seconds, ISO 8601, dates (default: the order of the file)")
      ->type_name("COLUMN");
  command.add_option("--stratum", options.stratum_column, "a column: each of its values is judged on its own too")
      ->type_name("COLUMN");
  command
      .add_option("--inclusion-probability", options.probability_column,
                  "a column with the probability with which a row was sampled, above 0 and up to 1")
      ->type_name("COLUMN");
  command.add_option("--weight", options.weight_column, "instead: a column with how many rows one stands for, from 1")
      ->type_name("COLUMN");
}

void AddTopicFlags(CLI::App& command, TopicOptions& options) {
  command.add_option("--since,--from", options.since,
                     "of a topic: from yesterday, today, 24h before now, 2026-01-01T00:00:00Z, or an offset on")
      ->type_name("POINT");
  command.add_option("--to", options.to, "of a topic: up to there (default: its present end)")->type_name("POINT");
  command.add_option("--kafka-config", options.kafka_config, "a property of librdkafka; may be repeated")
      ->type_name("PROPERTY=VALUE");
  command.add_option("--timeout", options.timeout_ms, "of a topic: the longest wait for a broker, milliseconds")
      ->check(CLI::Range(1, 3'600'000))
      ->type_name("MS");
}

void AddOutputFlags(CLI::App& command, ComparisonOptions& options) {
  AddFileOrOutput(command, "--html", options.html, "a page to keep");
  AddFileOrOutput(command, "--json", options.json, "every figure as JSON");
  AddFileOrOutput(command, "--evidently-json", options.evidently_json, "the same in the shape of Evidently's JSON");
  AddFileOrOutput(command, "--summary", options.summary, "the main points as text, for an e-mail");
  command.add_flag("--quiet", options.quiet, "print no table and no progress");
}

}  // namespace drift
