#include "server/repository/config_text.h"

#include <map>
#include <set>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/util/json_util.h"
#include "server/base/text.h"
#include "server/repository/config_fields.h"

namespace driftserve {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;

void CollectMessages(const Descriptor* message, std::map<std::string, const Descriptor*>& all) {
  if (!all.emplace(message->full_name(), message).second) return;
  for (int i = 0; i < message->field_count(); ++i) {
    if (message->field(i)->message_type() != nullptr) CollectMessages(message->field(i)->message_type(), all);
  }
}

// The text between the n-th pair of quotation marks, from 0; empty where there are fewer.
std::string Quoted(const std::string& text, int n) {
  const std::vector<std::string_view> parts = Split(text, '"');
  return static_cast<int>(parts.size()) > 2 * n + 1 ? std::string(parts[2 * n + 1]) : "";
}

// "; expected one of …" for the two mistakes that a list of choices helps with.
std::string Choices(const std::string& message) {
  std::map<std::string, const Descriptor*> messages;
  CollectMessages(inference::ModelConfig::descriptor(), messages);
  std::set<std::string> choices;
  if (message.find("has no field named") != std::string::npos) {
    const auto found = messages.find(Quoted(message, 0));
    if (found == messages.end()) return "";
    for (int i = 0; i < found->second->field_count(); ++i) choices.insert(found->second->field(i)->name());
  } else if (message.find("numeration value") != std::string::npos) {
    const std::string field = Quoted(message, 1);
    for (const auto& [name, descriptor] : messages) {
      const FieldDescriptor* found = descriptor->FindFieldByName(field);
      if (found == nullptr || found->enum_type() == nullptr) continue;
      for (int i = 0; i < found->enum_type()->value_count(); ++i) choices.insert(found->enum_type()->value(i)->name());
    }
  }
  return choices.empty() ? "" : Concat("; expected one of ", Join(choices, ", "));
}

class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  explicit FirstError(const std::string& file) : file_(file) {}
  void AddError(int line, int column, const std::string& message) override {
    if (text_.empty()) text_ = Concat(file_, ":", line + 1, ":", column + 1, ": ", message, Choices(message));
  }
  const std::string& text() const { return text_; }

 private:
  const std::string file_;
  std::string text_;
};

// Walks what is set and compares it with the rules.
class FieldCheck {
 public:
  FieldCheck(const ConfigText& text, std::vector<std::string>& faults) : file_(text.file), faults_(faults) {
    Walk(text.config, text.places.get(), "");
  }

 private:
  void Walk(const Message& message, TextFormat::ParseInfoTree* places, const std::string& prefix) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) Check(message, field, places, prefix);
  }

  void Check(const Message& message, const FieldDescriptor* field, TextFormat::ParseInfoTree* places,
             const std::string& prefix) {
    const std::string path = prefix + field->name();
    const FieldRule* rule = FindFieldRule(path);
    const auto* reflection = message.GetReflection();
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    if (rule == nullptr || !rule->refusal.empty()) {
      faults_.push_back(Concat(PlaceOf(places, field), ": ", path, ": ",
                               rule == nullptr ? "not known to this server" : rule->refusal));
      return;
    }
    if (field->message_type() == nullptr) return;
    for (int i = 0; i < count; ++i) {
      const Message& inner = field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                                  : reflection->GetMessage(message, field);
      TextFormat::ParseInfoTree* inner_places =
          places == nullptr ? nullptr : places->GetTreeForNested(field, field->is_repeated() ? i : -1);
      field->is_map() ? WalkValue(inner, inner_places, path) : Walk(inner, inner_places, path + ".");
    }
  }

  // An entry of a map: its key may be anything, its value has fields.
  void WalkValue(const Message& entry, TextFormat::ParseInfoTree* places, const std::string& path) {
    const FieldDescriptor* value = entry.GetDescriptor()->map_value();
    if (value->message_type() == nullptr) return;
    TextFormat::ParseInfoTree* value_places = places == nullptr ? nullptr : places->GetTreeForNested(value, -1);
    Walk(entry.GetReflection()->GetMessage(entry, value), value_places, path + ".value.");
  }

  std::string PlaceOf(TextFormat::ParseInfoTree* places, const FieldDescriptor* field) const {
    if (places == nullptr) return file_;
    const TextFormat::ParseLocation place = places->GetLocation(field, field->is_repeated() ? 0 : -1);
    return place.line < 0 ? file_ : Concat(file_, ":", place.line + 1, ":", place.column + 1);
  }

  const std::string& file_;
  std::vector<std::string>& faults_;
};

}  // namespace

absl::StatusOr<ConfigText> ParseConfigText(const std::string& file, const std::string& text) {
  ConfigText parsed;
  parsed.file = file;
  parsed.places = std::make_shared<TextFormat::ParseInfoTree>();
  FirstError error(file);
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  parser.WriteLocationsTo(parsed.places.get());
  parser.SetRecursionLimit(50);
  if (parser.ParseFromString(text, &parsed.config)) return parsed;
  return absl::InvalidArgumentError(error.text().empty() ? Concat(file, ": not a ModelConfig in text form")
                                                         : error.text());
}

absl::StatusOr<ConfigText> ParseConfigOverride(const std::string& name, const std::string& text) {
  if (!Trim(text).starts_with('{')) return ParseConfigText(name, text);
  ConfigText parsed;
  parsed.file = name;
  const auto status = google::protobuf::util::JsonStringToMessage(text, &parsed.config);
  if (status.ok()) return parsed;
  return absl::InvalidArgumentError(Concat(name, ": expected a ModelConfig as JSON: ", status.message()));
}

std::vector<std::string> RefusedFields(const ConfigText& text) {
  std::vector<std::string> faults;
  FieldCheck(text, faults);
  return faults;
}

}  // namespace driftserve
