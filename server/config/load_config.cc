#include "server/config/load_config.h"

#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>

#include "absl/status/status.h"
#include "server/base/text.h"
#include "server/config/monitor_overrides.h"
#include "server/config/option_value.h"
#include "server/config/options.h"
#include "server/config/yaml_place.h"

namespace driftserve {
namespace {

constexpr std::string_view kProperties = "kafka.properties.";
constexpr std::string_view kVariablePrefix = "DRIFTSERVE_";

// "grpc.address" → "grpc"
std::string_view SectionOf(std::string_view name) { return name.substr(0, name.find('.')); }

std::string SectionList() {
  std::vector<std::string_view> sections;
  for (const Option& option : Options()) {
    if (sections.empty() || sections.back() != SectionOf(option.name)) sections.push_back(SectionOf(option.name));
  }
  sections.push_back("monitor_overrides");
  return Join(sections, ", ");
}

// The options of a section, or the sections where there is no such section.
std::string KnownNames(std::string_view section) {
  std::vector<std::string_view> names;
  for (const Option& option : Options()) {
    if (SectionOf(option.name) == section) names.push_back(option.name.substr(section.size() + 1));
  }
  return names.empty() ? SectionList() : Join(names, ", ");
}

// Reads one file into a configuration, collecting faults.
class FileReader {
 public:
  FileReader(std::string file, ServerConfig& config, std::vector<std::string>& faults)
      : file_(std::move(file)), config_(config), faults_(faults) {}

  void Read() {
    std::ifstream stream(file_, std::ios::binary);
    text_.assign(std::istreambuf_iterator<char>(stream), {});
    if (!stream.is_open() || stream.bad()) {
      faults_.push_back(Concat(file_, ": cannot be read: ", std::strerror(errno), "; option --config names it"));
      return;
    }
    try {
      const std::vector<YAML::Node> documents = YAML::LoadAll(text_);
      if (documents.size() > 1) {
        Fault(documents[1].Mark(), "expected one YAML document, got several");
      } else if (!documents.empty()) {
        ReadRoot(documents[0]);
      }
    } catch (const YAML::Exception& error) {
      Fault(error.mark, Concat("not YAML: ", error.msg));
    }
  }

 private:
  void Fault(const YAML::Mark& mark, std::string_view what) {
    faults_.push_back(Concat(Place(file_, mark), ": ", what));
  }

  // False, and a fault, where a key comes twice: the second would silently win.
  bool FirstTime(std::set<std::string>& seen, const YAML::Node& key) {
    if (!key.IsScalar()) {
      Fault(key.Mark(), "expected a name as key");
      return false;
    }
    if (seen.insert(key.Scalar()).second) return true;
    Fault(key.Mark(), Concat("`", key.Scalar(), "` stands here a second time"));
    return false;
  }

  void ReadRoot(const YAML::Node& root) {
    if (root.IsNull()) return;
    if (!root.IsMap()) return Fault(root.Mark(), Concat("expected a map of sections, got ", Kind(root)));
    std::set<std::string> seen;
    for (const auto& entry : root) {
      if (!FirstTime(seen, entry.first)) continue;
      const std::string& section = entry.first.Scalar();
      if (section == "monitor_overrides") {
        ReadMonitorOverrides(entry.second, file_, text_, config_, faults_);
      } else if (KnownNames(section) == SectionList()) {
        Fault(entry.first.Mark(), Concat("unknown key `", section, "`: expected one of ", SectionList()));
      } else {
        ReadSection(section, entry.second);
      }
    }
  }

  void ReadSection(const std::string& section, const YAML::Node& node) {
    if (node.IsNull()) return;
    if (!node.IsMap()) {
      return Fault(node.Mark(), Concat(section, ": expected a map of options, got ", Kind(node)));
    }
    std::set<std::string> seen;
    for (const auto& entry : node) {
      if (!FirstTime(seen, entry.first)) continue;
      const Option* option = FindOption(Concat(section, ".", entry.first.Scalar()));
      if (option == nullptr) {
        Fault(entry.first.Mark(), Concat("unknown key `", entry.first.Scalar(), "` in `", section,
                                         "`: expected one of ", KnownNames(section)));
      } else {
        ReadOption(*option, entry.second);
      }
    }
  }

  void ReadOption(const Option& option, const YAML::Node& node) {
    const OptionField field = option.field(config_);
    if (auto* const* map = std::get_if<std::map<std::string, std::string>*>(&field); map && node.IsMap()) {
      return ReadMap(option, node, **map);
    }
    if (auto* const* list = std::get_if<std::vector<std::string>*>(&field); list && node.IsSequence()) {
      return ReadList(option, node, **list);
    }
    const bool is_collection = std::holds_alternative<std::map<std::string, std::string>*>(field) ||
                               std::holds_alternative<std::vector<std::string>*>(field);
    const std::string fault = node.IsScalar() && !is_collection
                                  ? SetOption(option, config_, node.Scalar())
                                  : Concat("expected ", Expected(option), ", got ", Kind(node));
    if (!fault.empty()) Fault(node.Mark(), Concat(option.name, ": ", fault));
  }

  void ReadList(const Option& option, const YAML::Node& node, std::vector<std::string>& list) {
    list.clear();
    for (const YAML::Node& item : node) {
      if (item.IsScalar()) {
        list.push_back(item.Scalar());
      } else {
        Fault(item.Mark(), Concat(option.name, ": expected ", Expected(option), ", got ", Kind(item), " in it"));
      }
    }
  }

  void ReadMap(const Option& option, const YAML::Node& node, std::map<std::string, std::string>& map) {
    std::set<std::string> seen;
    for (const auto& entry : node) {
      if (!FirstTime(seen, entry.first)) continue;
      if (entry.second.IsScalar()) {
        map[entry.first.Scalar()] = entry.second.Scalar();
      } else {
        Fault(entry.second.Mark(),
              Concat(option.name, ".", entry.first.Scalar(), ": expected a text, got ", Kind(entry.second)));
      }
    }
  }

  const std::string file_;
  std::string text_;
  ServerConfig& config_;
  std::vector<std::string>& faults_;
};

// One value from the environment or a flag; `place` names it in messages.
void ReadText(std::string_view name, std::string_view text, std::string_view place, ServerConfig& config,
              std::vector<std::string>& faults) {
  if (name.starts_with(kProperties) && name.size() > kProperties.size()) {
    config.kafka.properties[std::string(name.substr(kProperties.size()))] = std::string(text);
    return;
  }
  const Option* option = FindOption(name);
  if (option == nullptr) {
    const std::string_view section = SectionOf(name);
    faults.push_back(
        Concat(place, ": no option is called `", name, "`: `", section, "` expects one of ", KnownNames(section)));
    return;
  }
  const std::string fault = SetOption(*option, config, text);
  if (!fault.empty()) faults.push_back(Concat(place, ": ", option->name, ": ", fault));
}

// "DRIFTSERVE_GRPC__ADDRESS" → "grpc.address"; a property's own name is written with _ for its dots.
std::string OptionNameOf(std::string_view variable) {
  variable.remove_prefix(kVariablePrefix.size());
  std::string name;
  for (size_t i = 0; i < variable.size(); ++i) {
    const bool separates = variable.substr(i, 2) == "__";
    const bool in_property = name.starts_with(kProperties);
    name.push_back(separates || (in_property && variable[i] == '_') ? '.'
                                                                    : static_cast<char>(std::tolower(variable[i])));
    i += separates ? 1 : 0;
  }
  return name;
}

// Faults that concern more than one value, or a value that nobody gave.
void CheckWhole(const ServerConfig& config, std::vector<std::string>& faults) {
  if (config.repository.path.empty()) {
    faults.push_back(
        "repository.path: expected the folder of the model repository, got nothing; set --model-repository");
  }
  if (config.scheduling.max_pending_bytes < config.grpc.max_message_bytes) {
    faults.push_back(Concat("scheduling.max_pending_bytes: expected at least grpc.max_message_bytes (",
                            config.grpc.max_message_bytes,
                            "), or the largest permitted request could never be "
                            "accepted, got ",
                            config.scheduling.max_pending_bytes));
  }
}

}  // namespace

absl::StatusOr<ServerConfig> LoadServerConfig(const ConfigSources& sources) {
  ServerConfig config;
  std::vector<std::string> faults;
  if (!sources.file.empty()) FileReader(sources.file, config, faults).Read();
  for (const auto& [variable, text] : sources.environment) {
    // Without a double underscore it is not ours: Kubernetes sets DRIFTSERVE_PORT for a service called driftserve.
    if (!variable.starts_with(kVariablePrefix) || !(variable.find("__") != variable.npos)) continue;
    ReadText(OptionNameOf(variable), text, Concat("environment variable ", variable), config, faults);
  }
  for (const auto& [name, text] : sources.flags) {
    ReadText(name, text, Concat("command line, ", name), config, faults);
  }
  CheckWhole(config, faults);
  if (!faults.empty()) return absl::InvalidArgumentError(Join(faults, "\n"));
  return config;
}

}  // namespace driftserve
