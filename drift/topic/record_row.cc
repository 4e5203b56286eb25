#include "drift/topic/record_row.h"

#include <algorithm>
#include <utility>

#include "drift/dtype.h"
#include "drift/profile/text.h"
#include "drift/topic/confluent_frame.h"

namespace drift {
namespace {

namespace v1 = driftserve::v1;

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kLastSecond = 9'214'646'400;  // 2262-01-01, before int64 nanoseconds end
constexpr size_t kShownBytes = 60;

// Bytes that are shown in a message: quoted, short, printable.
std::string Shown(std::string_view bytes) {
  std::string text = "'";
  for (const char byte : bytes.substr(0, kShownBytes)) text += byte >= 0x20 && byte < 0x7f ? byte : '?';
  return text + (bytes.size() > kShownBytes ? "…'" : "'");
}

Skip Corrupt(std::string detail) { return {SkipReason::kCorrupt, std::move(detail)}; }

std::optional<Skip> CheckHeaders(const TopicMessage& message) {
  // Parameters of the content type ("; charset=…") say nothing about its kind.
  if (message.content_type && message.content_type->substr(0, message.content_type->find(';')) != kRecordContentType) {
    return Skip{SkipReason::kForeign, Concat("content-type ", Shown(*message.content_type))};
  }
  if (message.type && *message.type != kRecordType) {
    return Skip{SkipReason::kForeign, Concat("ce_type ", Shown(*message.type))};
  }
  if (message.schema && *message.schema != kRecordSchema) {
    return Skip{SkipReason::kForeign, Concat("ce_dataschema ", Shown(*message.schema))};
  }
  return std::nullopt;
}

std::string_view KindName(v1::FieldValue::KindCase kind) {
  switch (kind) {
    case v1::FieldValue::kNumber: return "a number";
    case v1::FieldValue::kInteger: return "an integer";
    case v1::FieldValue::kUnsignedInteger: return "an unsigned integer";
    case v1::FieldValue::kText: return "a text";
    case v1::FieldValue::kBoolean: return "a boolean";
    case v1::FieldValue::kKeyedHash: return "a hash";
    case v1::FieldValue::KIND_NOT_SET: break;
  }
  return "nothing";
}

Value ValueOf(const v1::FieldValue& field) {
  switch (field.kind_case()) {
    case v1::FieldValue::kNumber: return Value::Double(field.number());
    case v1::FieldValue::kInteger: return Value::Int64(field.integer());
    case v1::FieldValue::kUnsignedInteger: return Value::Uint64(field.unsigned_integer());
    case v1::FieldValue::kText: return Value::Text(field.text());
    case v1::FieldValue::kBoolean: return Value::Bool(field.boolean());
    case v1::FieldValue::kKeyedHash:
    case v1::FieldValue::KIND_NOT_SET: break;
  }
  return Value::Missing();
}

bool Readable(const Value& value, Dtype dtype) {
  if (value.missing()) return true;
  if (dtype == Dtype::kText) return value.type() == Value::Type::kText;
  return ToKey(value, dtype).outcome != KeyOf::Outcome::kUnreadable;
}

}  // namespace

std::optional<Skip> ReadRecord(const TopicMessage& message, v1::Record& record) {
  if (std::optional<Skip> foreign = CheckHeaders(message)) return foreign;
  if (message.value.empty()) return Corrupt("an empty value");
  if (message.value.size() > size_t{64} << 20) return Corrupt("more than 64 MiB");
  std::string_view value = message.value;
  std::string framed;
  if (IsConfluentFramed(value)) {
    const auto frame = ReadConfluentFrame(value);
    if (!frame) return Corrupt("in Confluent's framing, which is cut short");
    framed = Concat(", in Confluent's framing with schema ", frame->schema_id);
    value = frame->payload;
  }
  if (!record.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    return Corrupt(Concat("not Protobuf of this schema", framed));
  }
  if (record.model_name().empty() || record.model_version().empty()) return Corrupt("no model name or version");
  if (record.seq() == 0) return Corrupt("no sequence number");
  const double probability = record.inclusion_probability();
  if (!(probability > 0 && probability <= 1)) {
    return Corrupt(Concat("inclusion probability ", probability, ", expected above 0 and at most 1"));
  }
  const auto& time = record.time();
  if (time.seconds() <= 0 || time.seconds() >= kLastSecond || time.nanos() < 0 || time.nanos() >= kSecond) {
    return Corrupt(Concat("time ", time.seconds(), " s ", time.nanos(), " ns"));
  }
  return std::nullopt;
}

int64_t TimeOf(const v1::Record& record) { return record.time().seconds() * kSecond + record.time().nanos(); }

std::optional<Skip> CheckRecord(const v1::Record& record, const RecordFilter& filter) {
  if (!filter.model_name.empty() && record.model_name() != filter.model_name) {
    return Skip{SkipReason::kOtherModel, Shown(record.model_name())};
  }
  if (!filter.model_version.empty() && record.model_version() != filter.model_version) {
    return Skip{SkipReason::kOtherVersion, Shown(record.model_version())};
  }
  if (!filter.reference_hash.empty() && record.reference_hash() != filter.reference_hash) {
    return Skip{SkipReason::kOtherReference, Shown(record.reference_hash())};
  }
  return std::nullopt;
}

Reference RecordedPart(const Reference& reference, const RecordSettings* settings, std::vector<std::string>& left_out) {
  return PartOf(reference, [&](const FeatureReference& feature) {
    const bool kept = settings == nullptr || settings->ModeOf(feature.name) == RecordMode::kKeep;
    if (kept && feature.role != Role::kLabel) return true;
    left_out.push_back(feature.name);
    return false;
  });
}

RecordRow::RecordRow(std::shared_ptr<const Reference> reference)
    : reference_(std::move(reference)), places_(reference_->features.size(), 0) {}

const v1::FieldValue* RecordRow::Find(const v1::Record& record, size_t feature) {
  const FeatureReference& wanted = reference_->features[feature];
  const auto& fields = wanted.role == Role::kPrediction ? record.outputs() : record.features();
  int& place = places_[feature];
  if (place < fields.size() && fields[place].name() == wanted.name) return &fields[place];
  for (place = 0; place < fields.size(); ++place) {
    if (fields[place].name() == wanted.name) return &fields[place];
  }
  return nullptr;
}

std::optional<Skip> RecordRow::Read(const v1::Record& record, std::vector<Value>& values) {
  values.clear();
  for (size_t i = 0; i < reference_->features.size(); ++i) {
    const FeatureReference& feature = reference_->features[i];
    const v1::FieldValue* field = Find(record, i);
    if (field == nullptr) return Skip{SkipReason::kAbsentField, Shown(feature.name)};
    if (field->kind_case() == v1::FieldValue::kKeyedHash) {
      return Skip{SkipReason::kHashedField, Shown(feature.name)};
    }
    values.push_back(ValueOf(*field));
    if (!Readable(values.back(), feature.dtype)) {
      return Skip{SkipReason::kUnreadable, Concat("feature ", Shown(feature.name), ": expected ", Name(feature.dtype),
                                                  ", got ", KindName(field->kind_case()))};
    }
  }
  return std::nullopt;
}

}  // namespace drift
