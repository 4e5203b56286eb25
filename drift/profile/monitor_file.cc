#include "drift/profile/monitor_file.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include "drift/profile/monitor_sections.h"
#include "drift/profile/text.h"
#include "drift/profile/text_file.h"
#include "drift/profile/yaml_fields.h"

namespace drift {
namespace {

constexpr size_t kMaxBytes = 1 << 20;

YAML::Mark MarkOf(std::string_view text, size_t position) {
  YAML::Mark mark;
  mark.pos = static_cast<int>(position);
  mark.line = static_cast<int>(std::count(text.begin(), text.begin() + position, '\n'));
  const size_t line_start = text.substr(0, position).rfind('\n') + 1;  // npos + 1 is 0
  mark.column = static_cast<int>(position - line_start);
  return mark;
}

/// The text's one document, or nothing and a fault.
std::optional<YAML::Node> ParseYaml(std::string_view text, Faults& faults) {
  if (const auto bad = FirstInvalidUtf8(text)) {
    faults.AddText(MarkOf(text, *bad), "expected UTF-8 text, got a byte that is not");
    return std::nullopt;
  }
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() == 1 && !documents[0].IsNull()) return documents[0];
    faults.AddText(YAML::Mark(), Concat("expected one YAML document, got ",
                                        documents.size() > 1 ? Concat(documents.size()) : "nothing"));
  } catch (const YAML::Exception& error) {
    faults.AddText(error.mark, Concat("not YAML: ", error.msg));
  }
  return std::nullopt;
}

/// Runs `read` over the document; yaml-cpp throws on access too, so the whole of it is guarded.
absl::Status ReadDocument(std::string_view text, const std::string& file, int first_line,
                          const std::function<void(Fields&)>& read) {
  Faults faults(file, first_line);
  if (text.size() > kMaxBytes) {
    return absl::InvalidArgumentError(Concat(file, ": expected at most ", kMaxBytes, " bytes, got ", text.size()));
  }
  const auto document = ParseYaml(text, faults);
  if (!document) return faults.ToStatus();
  try {
    Fields fields(*document, "", &faults);
    if (!document->IsMap()) return faults.ToStatus();
    read(fields);
    fields.RefuseUnknown();
  } catch (const YAML::Exception& error) {
    faults.AddText(error.mark, error.msg);
  }
  return faults.ToStatus();
}

}  // namespace

absl::StatusOr<MonitorSettings> ParseMonitor(std::string_view text, const std::string& file) {
  MonitorSettings settings;
  const absl::Status status = ReadDocument(text, file, 1, [&settings](Fields& document) {
    ReadFeatures(document, settings);
    ReadSampling(document, settings);
    ReadWindow(document, settings);
    ReadThresholds(document, settings);
    ReadDecision(document, settings);
    ReadReferenceSection(document, settings);
    ReadRecord(document, settings);
  });
  if (!status.ok()) return status;
  return settings;
}

absl::StatusOr<MonitorSettings> LoadMonitor(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path, kMaxBytes);
  if (!text.ok()) return text.status();
  return ParseMonitor(*text, path);
}

absl::Status ApplyOverrides(MonitorSettings& settings, std::string_view text, const std::string& file, int first_line) {
  MonitorSettings changed = settings;
  const absl::Status status = ReadDocument(text, file, std::max(1, first_line), [&changed](Fields& document) {
    ReadWindow(document, changed);
    ReadDecision(document, changed);
    ReadSampling(document, changed);
    ReadThresholds(document, changed);
  });
  if (status.ok()) settings = std::move(changed);
  return status;
}

}  // namespace drift
