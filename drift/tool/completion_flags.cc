#include <memory>

#include "drift/profile/text.h"
#include "drift/tool/completion.h"
#include "drift/tool/flags.h"

namespace drift {
namespace {

std::vector<std::string> Split(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == at) {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return parts;
}

CompletedFlag FlagOf(const CLI::Option& option) {
  CompletedFlag flag;
  flag.name = "--" + option.get_lnames().front();
  flag.what = option.get_description();
  const std::string type = option.get_type_name();
  if (option.get_items_expected_max() == 0 || type.empty()) return flag;
  if (type.find("FILE") != std::string::npos) {
    flag.takes = CompletedFlag::Takes::kFile;
  } else if (type.find('|') != std::string::npos) {
    flag.takes = CompletedFlag::Takes::kChoice;
    flag.choices = Split(type, '|');
  } else {
    flag.takes = CompletedFlag::Takes::kText;
  }
  return flag;
}

std::vector<CompletedCommand> CommandsOf(const CLI::App& app) {
  std::vector<CompletedCommand> commands;
  for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; })) {
    CompletedCommand command{subcommand->get_name(), subcommand->get_description(), {}, {}};
    for (const CLI::Option* option : subcommand->get_options()) {
      if (!option->get_lnames().empty()) {
        command.flags.push_back(FlagOf(*option));
      } else {
        command.arguments = Split(option->get_type_name(), '|');
      }
    }
    commands.push_back(std::move(command));
  }
  return commands;
}

}  // namespace

void AddCompletionFlags(CLI::App& app, Command& command) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* completion = app.add_subcommand("completion", "print a script that completes this command in a shell");
  completion->add_option("shell", *shell, "the shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""))
      ->type_name("bash|zsh|fish");
  completion->footer("Example: source <(drift completion bash)");
  completion->callback([shell, &app, &command] {
    command = [shell, &app](const Console& console) {
      const auto commands = CommandsOf(app);
      const std::string script = *shell == "bash"  ? BashCompletion(commands)
                                 : *shell == "zsh" ? ZshCompletion(commands)
                                                   : FishCompletion(commands);
      Outputs outputs;
      outputs.Add("-", script);
      const absl::Status status = outputs.Write(console);
      return status.ok() ? kDone : Complain(console, "completion", status);
    };
  });
}

}  // namespace drift
