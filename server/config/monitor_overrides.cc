#include "server/config/monitor_overrides.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "server/base/text.h"
#include "server/config/yaml_place.h"

namespace driftserve {
namespace {

constexpr std::array<std::string_view, 5> kSections = {"window", "thresholds", "decision", "sampling", "labels"};

// The lines of `text` that a block map starting at `mark` spans, as they stand in the file, so that line and column
// of a fault found in them later are those of the file.
std::string BlockText(const std::string& text, const YAML::Mark& mark) {
  const std::vector<std::string_view> lines = Split(text, '\n');
  std::string block;
  for (size_t i = mark.line; i < lines.size(); ++i) {
    const size_t indent = lines[i].find_first_not_of(" \t\r");
    const bool blank = indent == std::string_view::npos || lines[i][indent] == '#';
    if (!blank && indent < static_cast<size_t>(mark.column)) break;
    block += Concat(lines[i], "\n");
  }
  return block;
}

// The text of `node`: as it stands where that reads back to the same tree (no anchors from elsewhere), else printed
// anew, and then lines count from the node's own first line.
std::string NodeText(const YAML::Node& node, const std::string& text) {
  const std::string printed = YAML::Dump(node);
  if (node.Style() == YAML::EmitterStyle::Flow) return printed;
  const std::string block = BlockText(text, node.Mark());
  try {
    if (YAML::Dump(YAML::Load(block)) == printed) return block;
  } catch (const YAML::Exception&) {
    // An alias whose anchor stands outside the block: the printed text has it resolved.
  }
  return printed;
}

bool CheckSections(const YAML::Node& node, const std::string& model, const std::string& file,
                   std::vector<std::string>& faults) {
  const size_t before = faults.size();
  for (const auto& entry : node) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (std::find(kSections.begin(), kSections.end(), key) == kSections.end()) {
      faults.push_back(Concat(Place(file, entry.first.Mark()), ": unknown key `", key, "` in monitor_overrides.", model,
                              ": expected one of ", Join(kSections, ", ")));
    }
  }
  return faults.size() == before;
}

}  // namespace

void ReadMonitorOverrides(const YAML::Node& section, const std::string& file, const std::string& text,
                          ServerConfig& config, std::vector<std::string>& faults) {
  if (!section.IsMap()) {
    faults.push_back(Concat(Place(file, section.Mark()),
                            ": monitor_overrides: expected a map from model name to "
                            "sections of monitor.yaml, got ",
                            Kind(section)));
    return;
  }
  for (const auto& entry : section) {
    const std::string model = entry.first.Scalar();
    if (!entry.second.IsMap()) {
      faults.push_back(Concat(Place(file, entry.second.Mark()), ": monitor_overrides.", model, ": expected a map with ",
                              Join(kSections, ", "), ", got ", Kind(entry.second)));
      continue;
    }
    if (!CheckSections(entry.second, model, file, faults)) continue;
    config.monitor_overrides[model] = {NodeText(entry.second, text), file, entry.second.Mark().line + 1};
  }
}

}  // namespace driftserve
