#include "drift/profile/yaml_fields.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "drift/profile/text.h"
#include "drift/profile/units.h"

namespace drift {
namespace {

bool IsPlain(const YAML::Node& node) { return node.IsScalar() && node.Tag() != "!"; }

}  // namespace

void Faults::Add(const YAML::Mark& mark, std::string_view key, std::string_view expected, std::string_view got) {
  AddText(mark, Concat("key '", absl::Utf8SafeCEscape(AbslView(key)), "': expected ", expected, ", got ", got));
}

void Faults::AddText(const YAML::Mark& mark, std::string_view text) {
  const int line = mark.is_null() ? 0 : mark.line;
  const int column = mark.is_null() ? 0 : mark.column;
  faults_.push_back({line + first_line_, column + 1, std::string(text)});
}

absl::Status Faults::ToStatus() const {
  if (faults_.empty()) return absl::OkStatus();
  std::vector<Fault> sorted = faults_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Fault& a, const Fault& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  return absl::InvalidArgumentError(absl::StrJoin(sorted, "\n", [this](std::string* out, const Fault& fault) {
    *out += Concat(file_, ":", fault.line, ":", fault.column, ": ", fault.text);
  }));
}

std::string Describe(const YAML::Node& node) {
  if (!node.IsDefined() || node.IsNull()) return "nothing";
  if (node.IsSequence()) return "a list";
  if (node.IsMap()) return "a mapping";
  const std::string& text = node.Scalar();
  size_t shown = std::min<size_t>(text.size(), 60);
  while (shown < text.size() && (text[shown] & 0xc0) == 0x80) --shown;  // not in the middle of a character
  return Concat("'", absl::Utf8SafeCEscape(text.substr(0, shown)), shown < text.size() ? "…'" : "'");
}

Fields::Fields(const YAML::Node& node, std::string path, Faults* faults)
    : path_(std::move(path)), faults_(faults), mark_(node.Mark()) {
  if (!node.IsMap()) {
    faults_->Add(mark_, path_.empty() ? "(document)" : path_, "a mapping of keys to values", Describe(node));
    return;
  }
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) {
      faults_->Add(entry.first.Mark(), path_, "a name as the key", Describe(entry.first));
      continue;
    }
    const std::string& key = entry.first.Scalar();
    if (std::find(keys_.begin(), keys_.end(), key) != keys_.end()) {
      faults_->Add(entry.first.Mark(), PathOf(key), "each key once", "it a second time");
      continue;
    }
    keys_.push_back(key);
    key_nodes_.push_back(entry.first);
    values_.push_back(entry.second);
  }
}

std::optional<YAML::Node> Fields::Find(std::string_view key) {
  if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) asked_.emplace_back(key);
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  if (found == keys_.end()) return std::nullopt;
  return values_[found - keys_.begin()];
}

std::string Fields::PathOf(std::string_view key) const {
  return path_.empty() ? std::string(key) : Concat(path_, ".", key);
}

void Fields::Refuse(std::string_view key, std::string_view expected, std::string_view got) {
  const auto value = Find(key);
  faults_->Add(value ? value->Mark() : mark_, PathOf(key), expected, got);
}

void Fields::RefuseUnknown() {
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (std::find(asked_.begin(), asked_.end(), keys_[i]) != asked_.end()) continue;
    faults_->Add(key_nodes_[i].Mark(), PathOf(keys_[i]), Concat("one of the keys ", JoinNames(asked_)),
                 "a key that is not known here");
  }
}

bool Fields::Read(std::string_view key, std::string* out) {
  const auto node = Find(key);
  if (!node) return false;
  if (!node->IsScalar() || node->Scalar().empty()) {
    Refuse(key, "a text", Describe(*node));
    return false;
  }
  *out = node->Scalar();
  return true;
}

bool Fields::Read(std::string_view key, double low, double high, double* out) {
  const auto node = Find(key);
  if (!node) return false;
  double number;
  if (!IsPlain(*node) || !absl::SimpleAtod(node->Scalar(), &number) || !(number >= low && number <= high)) {
    Refuse(key, Concat("a number from ", low, " to ", high), Describe(*node));
    return false;
  }
  *out = number;
  return true;
}

bool Fields::Read(std::string_view key, int64_t low, int64_t high, int64_t* out) {
  const auto node = Find(key);
  if (!node) return false;
  int64_t number;
  if (!IsPlain(*node) || !absl::SimpleAtoi(node->Scalar(), &number) || number < low || number > high) {
    Refuse(key, Concat("a whole number from ", low, " to ", high), Describe(*node));
    return false;
  }
  *out = number;
  return true;
}

bool Fields::ReadUnsigned(std::string_view key, uint64_t* out) {
  const auto node = Find(key);
  if (!node) return false;
  if (!IsPlain(*node) || !absl::SimpleAtoi(node->Scalar(), out)) {
    Refuse(key, "a whole number from 0 to 18446744073709551615", Describe(*node));
    return false;
  }
  return true;
}

bool Fields::ReadDuration(std::string_view key, int64_t low_ns, int64_t high_ns, int64_t* out_ns) {
  const auto node = Find(key);
  if (!node) return false;
  const auto duration = node->IsScalar() ? ParseDuration(node->Scalar()) : std::nullopt;
  if (!duration || *duration < low_ns || *duration > high_ns) {
    Refuse(key,
           Concat("a duration from ", FormatDuration(low_ns), " to ", FormatDuration(high_ns),
                  " with its unit (ms, s, m, h or d, as in 15s)"),
           Describe(*node));
    return false;
  }
  *out_ns = *duration;
  return true;
}

bool Fields::ReadBytes(std::string_view key, int64_t low, int64_t high, int64_t* out) {
  const auto node = Find(key);
  if (!node) return false;
  const auto bytes = node->IsScalar() ? ParseBytes(node->Scalar()) : std::nullopt;
  if (!bytes || *bytes < low || *bytes > high) {
    Refuse(key, Concat("a size from ", low, "B to ", high, "B with its unit (B, KiB, MiB or GiB, as in 64MiB)"),
           Describe(*node));
    return false;
  }
  *out = *bytes;
  return true;
}

bool Fields::ReadChoice(std::string_view key, std::initializer_list<std::string_view> choices, int* out) {
  const auto node = Find(key);
  if (!node) return false;
  const auto found = node->IsScalar() ? std::find(choices.begin(), choices.end(), node->Scalar()) : choices.end();
  if (found == choices.end()) {
    Refuse(key, Concat("one of ", JoinNames(choices)), Describe(*node));
    return false;
  }
  *out = static_cast<int>(found - choices.begin());
  return true;
}

void Fields::ReadSection(std::string_view key, const std::function<void(Fields&)>& read) {
  const auto node = Find(key);
  if (!node) return;
  Fields section(*node, PathOf(key), faults_);
  if (!node->IsMap()) return;
  read(section);
  section.RefuseUnknown();
}

void Fields::ReadList(std::string_view key,
                      const std::function<void(const YAML::Node&, const std::string& path)>& read) {
  const auto node = Find(key);
  if (!node) return;
  if (!node->IsSequence()) {
    Refuse(key, "a list", Describe(*node));
    return;
  }
  size_t index = 0;
  for (const YAML::Node& element : *node) read(element, Concat(PathOf(key), "[", index++, "]"));
}

}  // namespace drift
