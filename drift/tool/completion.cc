#include "drift/tool/completion.h"

#include "drift/profile/text.h"

namespace drift {
namespace {

/// Within single quotes of a shell.
std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted.push_back(c);
    }
  }
  return quoted + "'";
}

template <typename Items, typename Text>
std::string Words(const Items& items, const Text& text) {
  std::string words;
  for (const auto& item : items) words += Concat(words.empty() ? "" : " ", text(item));
  return words;
}

std::string Words(const std::vector<std::string>& items) {
  return Words(items, [](const std::string& item) { return item; });
}

/// What zsh completes after a flag. Brackets and colons have a meaning there.
std::string ZshFlag(const CompletedFlag& flag) {
  std::string what;
  for (const char c : flag.what) {
    if (c == '[' || c == ']' || c == ':') what.push_back('\\');
    what.push_back(c);
  }
  std::string spec = Concat("*", flag.name, "[", what, "]");
  if (flag.takes == CompletedFlag::Takes::kFile) spec += ":file:_files";
  if (flag.takes == CompletedFlag::Takes::kChoice) spec += Concat(":choice:(", Words(flag.choices), ")");
  if (flag.takes == CompletedFlag::Takes::kText) spec += ":value:";
  return Quoted(spec);
}

std::string BashFlags(const CompletedCommand& command) {
  std::string cases;
  for (const CompletedFlag& flag : command.flags) {
    if (flag.takes == CompletedFlag::Takes::kChoice) {
      cases += Concat("        ", command.name, ":", flag.name, ") COMPREPLY=($(compgen -W '", Words(flag.choices),
                      "' -- \"$word\")); return ;;\n");
    } else if (flag.takes == CompletedFlag::Takes::kText) {
      cases += Concat("        ", command.name, ":", flag.name, ") COMPREPLY=(); return ;;\n");
    }
  }
  return cases;
}

}  // namespace

std::string BashCompletion(const std::vector<CompletedCommand>& commands) {
  std::string choices, flags;
  for (const CompletedCommand& command : commands) {
    choices += BashFlags(command);
    flags += Concat("        ", command.name, ") words='",
                    Words(command.flags, [](const CompletedFlag& flag) { return flag.name; }),
                    "' arguments='", Words(command.arguments), "' ;;\n");
  }
  return Concat(
      "_drift() {\n"
      "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}\n"
      "    local words= arguments=\n"
      "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "        COMPREPLY=($(compgen -W '",
      Words(commands, [](const CompletedCommand& command) { return command.name; }),
      " --help --version' -- \"$word\"))\n"
      "        return\n"
      "    fi\n"
      "    case $command:$before in\n",
      choices,
      "    esac\n"
      "    case $command in\n",
      flags,
      "    esac\n"
      "    case $word in\n"
      "        -*) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n"
      "        *) COMPREPLY=($(compgen -W \"$arguments\" -- \"$word\") $(compgen -f -- \"$word\")) ;;\n"
      "    esac\n"
      "}\n"
      "complete -o filenames -F _drift drift\n");
}

std::string ZshCompletion(const std::vector<CompletedCommand>& commands) {
  std::string names, cases;
  for (const CompletedCommand& command : commands) {
    names += Concat("        ", Quoted(Concat(command.name, ":", command.what)), "\n");
    cases += Concat("        ", command.name, ") _arguments ", Words(command.flags, ZshFlag));
    if (!command.arguments.empty()) cases += Concat(" ", Quoted(Concat("1:what:(", Words(command.arguments), ")")));
    cases += " ;;\n";
  }
  return Concat(
      "#compdef drift\n"
      "_drift() {\n"
      "    local -a commands\n"
      "    commands=(\n",
      names,
      "    )\n"
      "    if (( CURRENT == 2 )); then\n"
      "        _describe command commands\n"
      "        return\n"
      "    fi\n"
      "    local command=$words[2]\n"
      "    shift words\n"
      "    (( CURRENT-- ))\n"
      "    case $command in\n",
      cases,
      "    esac\n"
      "}\n"
      "compdef _drift drift\n");
}

std::string FishCompletion(const std::vector<CompletedCommand>& commands) {
  std::string script;
  for (const CompletedCommand& command : commands) {
    script += Concat("complete -c drift -n __fish_use_subcommand -f -a ", command.name, " -d ", Quoted(command.what),
                     "\n");
  }
  for (const CompletedCommand& command : commands) {
    const std::string within = Concat("complete -c drift -n '__fish_seen_subcommand_from ", command.name, "'");
    if (!command.arguments.empty()) script += Concat(within, " -f -a '", Words(command.arguments), "'\n");
    for (const CompletedFlag& flag : command.flags) {
      script += Concat(within, " -l ", flag.name.substr(2), " -d ", Quoted(flag.what));
      if (flag.takes == CompletedFlag::Takes::kFile) script += " -r -F";
      if (flag.takes == CompletedFlag::Takes::kText) script += " -x";
      if (flag.takes == CompletedFlag::Takes::kChoice) script += Concat(" -x -a ", Quoted(Words(flag.choices)));
      script += "\n";
    }
  }
  return script;
}

}  // namespace drift
