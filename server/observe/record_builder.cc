#include "server/observe/record_builder.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/observe/cloud_event.h"

namespace driftserve {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

bool IsMissing(const drift::Value& value) {
  return value.missing() || (value.type() == drift::Value::Type::kDouble && !std::isfinite(value.as_double()));
}

// What a hash is taken of: the text, or the shortest text of the number.
std::string TextOf(const drift::Value& value) {
  switch (value.type()) {
    case drift::Value::Type::kDouble: return absl::StrCat(value.as_double());
    case drift::Value::Type::kInt64: return absl::StrCat(value.as_int64());
    case drift::Value::Type::kUint64: return absl::StrCat(value.as_uint64());
    case drift::Value::Type::kText: return std::string(value.as_text());
    case drift::Value::Type::kBool: return value.as_bool() ? "true" : "false";
    case drift::Value::Type::kMissing: break;
  }
  return "";
}

void SetValue(const drift::Value& value, v1::FieldValue& field) {
  switch (value.type()) {
    case drift::Value::Type::kDouble: field.set_number(value.as_double()); break;
    case drift::Value::Type::kInt64: field.set_integer(value.as_int64()); break;
    case drift::Value::Type::kUint64: field.set_unsigned_integer(value.as_uint64()); break;
    case drift::Value::Type::kText: field.set_text(value.as_text().data(), value.as_text().size()); break;
    case drift::Value::Type::kBool: field.set_boolean(value.as_bool()); break;
    case drift::Value::Type::kMissing: break;
  }
}

}  // namespace

RecordBuilder::RecordBuilder(const WatchedModel& model, const drift::RecordSettings& settings, RecordOrigin origin)
    : model_(model), origin_(std::move(origin)), boot_text_(BootIdText(origin_.boot_id)) {
  const WatchedModelSettings& watched = model.settings();
  for (const FeatureBinding& feature : watched.features) {
    fields_.push_back({feature.name, settings.ModeOf(feature.name), false});
  }
  for (const FeatureBinding& prediction : watched.predictions) {
    fields_.push_back({prediction.name, settings.ModeOf(prediction.name), true});
  }
  record_.set_boot_id(origin_.boot_id);
}

std::vector<std::string> RecordBuilder::FieldsWithoutKey() const {
  std::vector<std::string> names;
  for (const Field& field : fields_) {
    if (field.mode == drift::RecordMode::kHash && !origin_.hash_key) names.push_back(field.name);
  }
  return names;
}

OutgoingRecord RecordBuilder::Build(const Sample& sample, const KeptRow& row, absl::Span<const drift::Value> values,
                                    uint64_t seq) {
  const WatchedModelSettings& settings = model_.settings();
  const std::string& stratum = model_.rule().stratum(row.stratum).name;
  record_.Clear();
  record_.set_boot_id(origin_.boot_id);
  record_.set_seq(seq);
  record_.set_request_id(sample.request_id);
  record_.set_request_sequence(sample.request_sequence);
  record_.set_row(row.row);
  record_.set_model_name(settings.name);
  record_.set_model_version(settings.version);
  record_.set_stratum(stratum);
  record_.set_inclusion_probability(row.inclusion_probability);
  record_.set_sampling_rule(sample.rule_version);
  record_.set_sampling_key(settings.key == SamplingKey::kRequestId ? v1::Record::SAMPLING_KEY_REQUEST_ID
                                                                   : v1::Record::SAMPLING_KEY_SEQUENCE);
  record_.set_reference_hash(settings.reference_hash);
  record_.mutable_time()->set_seconds(sample.time_ns / kSecond);
  record_.mutable_time()->set_nanos(static_cast<int32_t>(sample.time_ns % kSecond));
  for (size_t i = 0; i < fields_.size() && i < values.size(); ++i) AddField(fields_[i], values[i]);

  OutgoingRecord outgoing;
  outgoing.seq = seq;
  outgoing.topic = origin_.topic;
  outgoing.key = absl::StrCat(settings.name, "/", stratum);
  record_.SerializeToString(&outgoing.value);
  const std::string id = absl::StrCat(boot_text_, "-", seq);
  outgoing.headers = CloudEventHeaders({.id = id,
                                        .source = origin_.source,
                                        .type = kSampleType,
                                        .data_schema = kSampleSchema,
                                        .content_type = kProtobufContent,
                                        .time_ns = sample.time_ns,
                                        .trace_parent = sample.traceparent,
                                        .inclusion_probability = row.inclusion_probability});
  return outgoing;
}

void RecordBuilder::AddField(const Field& field, const drift::Value& value) {
  if (field.mode == drift::RecordMode::kDrop) return;
  const bool hashed = field.mode == drift::RecordMode::kHash;
  if (hashed && !origin_.hash_key) return;
  v1::FieldValue* added = field.prediction ? record_.add_outputs() : record_.add_features();
  added->set_name(field.name);
  if (IsMissing(value)) return;
  if (hashed) {
    added->set_keyed_hash(KeyedHash(TextOf(value), *origin_.hash_key));
  } else {
    SetValue(value, *added);
  }
}

}  // namespace driftserve
