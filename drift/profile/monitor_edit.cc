#include "drift/profile/monitor_edit.h"

#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "absl/strings/str_format.h"
#include "drift/profile/monitor_file.h"
#include "drift/profile/text.h"

namespace drift {
namespace {

constexpr std::string_view kCommentMark = "# drift calibrate:";

/// A key of the tolerances and its new value.
struct Entry {
  std::array<std::string, 3> path;
  double value;
  std::string Name() const { return Concat(path[0], ".", path[1], ".", path[2]); }
};

std::string NumberText(double value) { return absl::StrFormat("%.6g", value); }

std::string LineEnd(const std::string& text) { return text.find("\r\n") == std::string::npos ? "\n" : "\r\n"; }

/// Where a mark stands in the text; nothing where the line is shorter.
std::optional<size_t> OffsetOf(const std::string& text, const YAML::Mark& mark) {
  size_t at = 0;
  for (int line = 0; line < mark.line; ++line) {
    at = text.find('\n', at);
    if (at == std::string::npos) return std::nullopt;
    ++at;
  }
  at += static_cast<size_t>(mark.column);
  if (mark.line < 0 || at >= text.size()) return std::nullopt;
  return at;
}

size_t LineStart(const std::string& text, size_t at) {
  const size_t before = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
  return before == std::string::npos ? 0 : before + 1;
}

absl::Status CannotEdit(const std::string& file, const YAML::Mark& mark, const Entry& entry, std::string_view why) {
  return absl::FailedPreconditionError(Concat(file, ":", mark.line + 1, ":", mark.column + 1, ": ", why,
                                              " and is not edited: set ", entry.Name(), " to ",
                                              NumberText(entry.value), " by hand"));
}

/// Adds `line`, "key: …", to a mapping that has other keys.
absl::Status Insert(std::string& text, const std::string& file, const YAML::Node& map, const Entry& entry,
                    const std::string& line) {
  const auto at = OffsetOf(text, map.Mark());
  if (!map.IsMap() || !at) return CannotEdit(file, map.Mark(), entry, "this is not a mapping");
  if (text[*at] == '{') {
    text.insert(*at + 1, map.size() > 0 ? line + ", " : line);
    return absl::OkStatus();
  }
  const size_t start = LineStart(text, *at);
  const std::string indentation = text.substr(start, *at - start);
  if (indentation.find_first_not_of(' ') != std::string::npos) {
    return CannotEdit(file, map.Mark(), entry, "this mapping begins within a line");
  }
  text.insert(start, indentation + line + LineEnd(text));
  return absl::OkStatus();
}

/// Sets one value of the document.
absl::Status Set(std::string& text, const std::string& file, const Entry& entry) {
  YAML::Node node = YAML::Load(text);
  for (size_t depth = 0; depth < entry.path.size(); ++depth) {
    const YAML::Node child = node.IsMap() ? node[entry.path[depth]] : YAML::Node(YAML::NodeType::Undefined);
    if (!node.IsMap()) return CannotEdit(file, node.Mark(), entry, "this is not a mapping");
    if (child.IsDefined()) {
      node.reset(child);
      continue;
    }
    std::string line = Concat(entry.path.back(), ": ", NumberText(entry.value));
    for (size_t above = entry.path.size() - 1; above > depth; --above) {
      line = Concat(entry.path[above - 1], ": {", line, "}");
    }
    if (depth > 0 || node.Style() == YAML::EmitterStyle::Flow) return Insert(text, file, node, entry, line);
    if (!text.empty() && text.back() != '\n') text += LineEnd(text);
    text += line + LineEnd(text);
    return absl::OkStatus();
  }
  const auto at = OffsetOf(text, node.Mark());
  if (!node.IsScalar() || !at || text.compare(*at, node.Scalar().size(), node.Scalar()) != 0) {
    return CannotEdit(file, node.Mark(), entry, "this value is not a plain number");
  }
  text.replace(*at, node.Scalar().size(), NumberText(entry.value));
  return absl::OkStatus();
}

/// Whether two documents are the same but for the entries.
bool SameButFor(const YAML::Node& a, const YAML::Node& b, const std::vector<Entry>& entries, const std::string& path) {
  for (const Entry& entry : entries) {
    if (path == entry.Name()) return true;
  }
  if (a.Type() != b.Type()) return false;
  if (a.IsScalar()) return a.Scalar() == b.Scalar();
  if (a.IsSequence()) {
    for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
      if (!SameButFor(a[i], b[i], entries, path + "[]")) return false;
    }
    return a.size() == b.size();
  }
  if (!a.IsMap()) return true;
  for (const auto& entry : a) {
    const std::string key = entry.first.Scalar();
    const std::string below = path.empty() ? key : path + "." + key;
    if (!b[key].IsDefined() || !SameButFor(entry.second, b[key], entries, below)) return false;
  }
  return true;
}

void RemoveOldComment(std::string& text) {
  for (size_t at = text.find(kCommentMark); at != std::string::npos; at = text.find(kCommentMark, at)) {
    const size_t start = LineStart(text, at), end = text.find('\n', at);
    const bool alone = text.find_first_not_of(' ', start) == at;
    if (alone) text.erase(start, end == std::string::npos ? end : end + 1 - start);
    at = alone ? start : at + 1;
  }
}

void AddComment(std::string& text, const std::string& comment) {
  size_t at = 0;
  const YAML::Node document = YAML::Load(text);
  for (const auto& entry : document) {
    if (entry.first.Scalar() == "thresholds") at = LineStart(text, OffsetOf(text, entry.first.Mark()).value_or(0));
  }
  std::string lines;
  for (size_t begin = 0; begin < comment.size();) {
    const size_t end = std::min(comment.find('\n', begin), comment.size());
    lines += Concat(kCommentMark, " ", comment.substr(begin, end - begin), LineEnd(text));
    begin = end + 1;
  }
  text.insert(at, lines);
}

/// The edited text says what was asked for and nothing else.
absl::Status CheckEdited(const std::string& before, const std::string& after, const std::string& file,
                         const std::vector<Entry>& entries, const ThresholdSettings& wanted) {
  const auto near = [](double a, double b) { return std::fabs(a - b) <= 1e-5 * std::fabs(b); };
  const auto read = ParseMonitor(after, file);
  if (!read.ok()) {
    return absl::FailedPreconditionError(
        Concat("the edited text would not be a monitor.yaml: ", std::string(read.status().message())));
  }
  const ThresholdSettings& got = read->thresholds;
  if (near(got.psi_warn, wanted.psi_warn) && near(got.psi_alert, wanted.psi_alert) &&
      near(got.ks_warn, wanted.ks_warn) && near(got.ks_alert, wanted.ks_alert)) {
    const auto new_keys = [&](const YAML::Node& from) {
      YAML::Node copy = YAML::Clone(from);
      for (const Entry& entry : entries) copy[entry.path[0]][entry.path[1]][entry.path[2]] = 0;
      return copy;
    };
    const YAML::Node old_tree = new_keys(YAML::Load(before)), new_tree = new_keys(YAML::Load(after));
    if (SameButFor(old_tree, new_tree, entries, "") && SameButFor(new_tree, old_tree, entries, "")) {
      return absl::OkStatus();
    }
  }
  return absl::FailedPreconditionError(
      Concat(file, ": its tolerances cannot be edited without changing something else (an anchor or an alias?): set "
                   "thresholds.psi and thresholds.ks by hand"));
}

}  // namespace

absl::StatusOr<std::string> EditTolerances(const std::string& text, const std::string& file,
                                           const ThresholdSettings& thresholds, const std::string& comment) {
  if (const auto valid = ParseMonitor(text, file); !valid.ok()) return valid.status();
  const std::vector<Entry> entries = {{{"thresholds", "psi", "warn"}, thresholds.psi_warn},
                                      {{"thresholds", "psi", "alert"}, thresholds.psi_alert},
                                      {{"thresholds", "ks", "warn"}, thresholds.ks_warn},
                                      {{"thresholds", "ks", "alert"}, thresholds.ks_alert}};
  try {
    std::string edited = text;
    for (const Entry& entry : entries) {
      if (const absl::Status status = Set(edited, file, entry); !status.ok()) return status;
    }
    RemoveOldComment(edited);
    AddComment(edited, comment);
    if (const absl::Status status = CheckEdited(text, edited, file, entries, thresholds); !status.ok()) return status;
    return edited;
  } catch (const YAML::Exception& error) {
    return absl::FailedPreconditionError(Concat(file, ": cannot be edited: ", error.what()));
  }
}

}  // namespace drift
