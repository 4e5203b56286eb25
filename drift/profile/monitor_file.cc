#include "drift/profile/monitor_file.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <sstream>
#include <vector>

#include <yaml-cpp/eventhandler.h>

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

/// Where the documents of a text begin; their content is passed over.
class DocumentStarts : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { last_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
  const YAML::Mark& last() const { return last_; }

 private:
  YAML::Mark last_;
};

/// Whether anything follows the first document, such as a bracket too many: YAML::Load would pass over it in silence,
/// and YAML::LoadAll would never end.
bool HasMore(const std::string& text, YAML::Mark* where) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStarts starts;
  const bool more = parser.HandleNextDocument(starts) && parser.HandleNextDocument(starts);
  *where = starts.last();
  return more;
}

/// The text's one document, or nothing and a fault.
std::optional<YAML::Node> ParseYaml(const std::string& text, Faults& faults) {
  if (const auto bad = FirstInvalidUtf8(text)) {
    faults.AddText(MarkOf(text, *bad), "expected UTF-8 text, got a byte that is not");
    return std::nullopt;
  }
  try {
    YAML::Mark more;
    if (HasMore(text, &more)) {
      faults.AddText(more, "expected nothing after the first YAML document, got more");
      return std::nullopt;
    }
    const YAML::Node document = YAML::Load(text);
    if (document.IsDefined() && !document.IsNull()) return document;
    faults.AddText(YAML::Mark(), "expected a YAML document, got nothing");
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
  const auto document = ParseYaml(std::string(text), faults);
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
    ReadLabels(document, settings);
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
    ReadLabels(document, changed);
  });
  if (status.ok()) settings = std::move(changed);
  return status;
}

}  // namespace drift
