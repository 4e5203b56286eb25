#pragma once

#include <string>
#include <vector>

namespace drift {

/// One flag of a subcommand, as a shell completes it.
struct CompletedFlag {
  enum class Takes { kNothing, kFile, kChoice, kText } takes = Takes::kNothing;
  std::string name;                   // "--monitor"
  std::string what;                   // first words of its help
  std::vector<std::string> choices;   // kChoice
};

struct CompletedCommand {
  std::string name, what;
  std::vector<CompletedFlag> flags;
  std::vector<std::string> arguments;  // what may stand without a flag
};

/// Scripts that complete `drift`: its commands, their flags, and what the flags take.
std::string BashCompletion(const std::vector<CompletedCommand>& commands);
std::string ZshCompletion(const std::vector<CompletedCommand>& commands);
std::string FishCompletion(const std::vector<CompletedCommand>& commands);

}  // namespace drift
