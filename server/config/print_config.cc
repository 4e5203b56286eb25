#include <string_view>

#include "server/base/text.h"
#include "server/config/load_config.h"
#include "server/config/option_value.h"
#include "server/config/options.h"
#include "yaml-cpp/yaml.h"

namespace driftserve {
namespace {

struct Emit {
  YAML::Emitter& out;

  // Quoted always: a topic called "on" must stay a text.
  void operator()(std::string* field) const { out << YAML::DoubleQuoted << *field; }
  void operator()(bool* field) const { out << *field; }
  void operator()(int* field) const { out << *field; }
  void operator()(int64_t* field) const { out << *field; }
  void operator()(double* field) const { out << *field; }
  void operator()(std::vector<std::string>* field) const {
    out << YAML::Flow << YAML::BeginSeq;
    for (const std::string& item : *field) out << YAML::DoubleQuoted << item;
    out << YAML::EndSeq;
  }
  void operator()(std::map<std::string, std::string>* field) const {
    out << YAML::BeginMap;
    for (const auto& [key, value] : *field) {
      out << YAML::Key << YAML::DoubleQuoted << key << YAML::Value << YAML::DoubleQuoted << value;
    }
    out << YAML::EndMap;
  }
};

void PrintOverrides(const ServerConfig& config, YAML::Emitter& out) {
  if (config.monitor_overrides.empty()) return;
  out << YAML::Key << "monitor_overrides" << YAML::Value << YAML::BeginMap;
  for (const auto& [model, override_] : config.monitor_overrides) {
    out << YAML::Key << YAML::DoubleQuoted << model << YAML::Value << YAML::Load(override_.yaml);
  }
  out << YAML::EndMap;
}

}  // namespace

std::string PrintServerConfig(const ServerConfig& config) {
  ServerConfig copy = config;
  YAML::Emitter out;
  out << YAML::BeginMap;
  std::string_view open_section;
  for (const Option& option : Options()) {
    const size_t dot = option.name.find('.');
    const std::string_view section = option.name.substr(0, dot);
    if (section != open_section) {
      if (!open_section.empty()) out << YAML::EndMap;
      out << YAML::Key << std::string(section) << YAML::Value << YAML::BeginMap;
      open_section = section;
    }
    out << YAML::Key << std::string(option.name.substr(dot + 1)) << YAML::Value;
    std::visit(Emit{out}, option.field(copy));
  }
  out << YAML::EndMap;
  PrintOverrides(config, out);
  out << YAML::EndMap;
  return Concat(out.c_str(), "\n");
}

std::string DescribeServerConfig() {
  std::string table = "| option | default | accepted | meaning |\n|---|---|---|---|\n";
  const ServerConfig defaults;
  for (const Option& option : Options()) {
    const std::string value = ValueText(option, defaults);
    table += Concat("| `", option.name, "` | ", value.empty() ? "" : Concat("`", value, "`"), " | ", Expected(option),
                    " | ", option.description, " |\n");
  }
  return table;
}

}  // namespace driftserve
