#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "drift/tool/comparison_run.h"
#include "drift/tool/console.h"

namespace drift {

/// What the command line asked for; set by the subcommand that was named.
using Command = std::function<int(const Console&)>;

// One for each subcommand: its flags, which fill an options struct.
void AddProfileFlags(CLI::App& app, Command& command);
void AddReportFlags(CLI::App& app, Command& command);
void AddCheckFlags(CLI::App& app, Command& command);
void AddBacktestFlags(CLI::App& app, Command& command);
void AddCalibrateFlags(CLI::App& app, Command& command);
void AddWatchFlags(CLI::App& app, Command& command);
void AddCompletionFlags(CLI::App& app, Command& command);

/// --reference, --reference-data, --monitor, --model-config, --features-only.
void AddReferenceFlags(CLI::App& command, ReferenceOptions& options);
/// Those, --current, and the columns beside the features.
void AddComparisonFlags(CLI::App& command, ComparisonOptions& options);
/// --since, --to, --kafka-config, --timeout.
void AddTopicFlags(CLI::App& command, TopicOptions& options);
/// --html, --json and the other files.
void AddOutputFlags(CLI::App& command, ComparisonOptions& options);

/// An option that takes a file, or nothing: then standard output.
CLI::Option* AddFileOrOutput(CLI::App& command, const std::string& flag, std::string& path, const std::string& what);

}  // namespace drift
