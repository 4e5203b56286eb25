#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "absl/status/status.h"

namespace drift {

/// Everything that is wrong with one YAML text. Reading goes on after a fault, so that a user sees all of them at once.
class Faults {
 public:
  /// `first_line` is the number of the text's first line in `file`, 1 where the text is the whole file.
  Faults(std::string file, int first_line) : file_(std::move(file)), first_line_(first_line) {}

  void Add(const YAML::Mark& mark, std::string_view key, std::string_view expected, std::string_view got);
  void AddText(const YAML::Mark& mark, std::string_view text);
  bool empty() const { return faults_.empty(); }

  /// OK without faults; else INVALID_ARGUMENT with one line per fault, `file:line:column: key 'x': expected …, got …`,
  /// in the order of the text.
  absl::Status ToStatus() const;

 private:
  struct Fault {
    int line, column;
    std::string text;
  };
  std::string file_;
  int first_line_;
  std::vector<Fault> faults_;
};

/// What stands at `node`, for the end of a message: "nothing", "a list", "'1 hour'".
std::string Describe(const YAML::Node& node);

/// One YAML mapping, read key by key. Not thread-safe; lives no longer than its Faults.
///
/// A Read… function leaves `out` alone and returns false where the key is absent, and where its value is at fault,
/// which it records. RefuseUnknown, called last, makes a fault of every key that nobody asked for.
class Fields {
 public:
  /// `path` is the mapping's own dotted key, empty for the document. Faults: not a mapping, keys given twice.
  Fields(const YAML::Node& node, std::string path, Faults* faults);

  /// The value of `key`; nothing where it is absent.
  std::optional<YAML::Node> Find(std::string_view key);

  bool Read(std::string_view key, std::string* out);
  bool Read(std::string_view key, double low, double high, double* out);
  bool Read(std::string_view key, int64_t low, int64_t high, int64_t* out);
  bool ReadUnsigned(std::string_view key, uint64_t* out);
  bool ReadDuration(std::string_view key, int64_t low_ns, int64_t high_ns, int64_t* out_ns);
  bool ReadBytes(std::string_view key, int64_t low, int64_t high, int64_t* out);
  /// The place of the value in `choices`.
  bool ReadChoice(std::string_view key, std::initializer_list<std::string_view> choices, int* out);

  /// Calls `read` with the key's mapping where it is there, then refuses what is unknown in it.
  void ReadSection(std::string_view key, const std::function<void(Fields&)>& read);
  /// Calls `read` for each element of the key's list.
  void ReadList(std::string_view key, const std::function<void(const YAML::Node&, const std::string& path)>& read);

  void RefuseUnknown();

  /// Records a fault at the value of `key`, or at the mapping where the key is absent.
  void Refuse(std::string_view key, std::string_view expected, std::string_view got);
  std::string PathOf(std::string_view key) const;
  const std::vector<std::string>& keys() const { return keys_; }
  YAML::Mark mark() const { return mark_; }
  Faults& faults() { return *faults_; }

 private:
  std::string path_;
  Faults* faults_;
  YAML::Mark mark_;
  std::vector<std::string> keys_;
  std::vector<YAML::Node> key_nodes_;
  std::vector<YAML::Node> values_;
  std::vector<std::string> asked_;
};

}  // namespace drift
