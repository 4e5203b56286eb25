#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drift/profile/monitor_settings.h"
#include "drift/reference.h"
#include "drift/topic/skipped.h"
#include "drift/topic/topic_message.h"
#include "drift/value.h"
#include "driftserve/v1/record.pb.h"

namespace drift {

/// Reads a message into `record` and checks what holds of every record: names, an inclusion probability in (0, 1], a
/// number from 1 on, a time of the years 1970 to 2261. Anything may come from a topic: what is not a Record is a Skip.
/// A message without headers is judged by its value alone.
std::optional<Skip> ReadRecord(const TopicMessage& message, driftserve::v1::Record& record);

/// Unix nanoseconds. REQUIRES: ReadRecord accepted it.
int64_t TimeOf(const driftserve::v1::Record& record);

/// Which records are compared.
struct RecordFilter {
  std::string model_name, model_version;  // empty: any
  std::string reference_hash;             // empty: any
};
std::optional<Skip> CheckRecord(const driftserve::v1::Record& record, const RecordFilter& filter);

/// The reference without what a record never holds: labels, and the features that `settings` (monitor.yaml's
/// record.fields; null: all are kept) drops or hashes. Their names go to `left_out`. The hash stays: it tells which
/// reference the records were made against.
Reference RecordedPart(const Reference& reference, const RecordSettings* settings, std::vector<std::string>& left_out);

/// The values of a record in a reference's order. Constant after construction but for a memory of where names stand;
/// used by one thread.
class RecordRow {
 public:
  explicit RecordRow(std::shared_ptr<const Reference> reference);

  /// Fills `values`, one per feature; texts are views into `record`. A field without a value is missing; a field that
  /// is not there, is hashed, or is none of the feature's type makes the row unusable.
  std::optional<Skip> Read(const driftserve::v1::Record& record, std::vector<Value>& values);

 private:
  const driftserve::v1::FieldValue* Find(const driftserve::v1::Record& record, size_t feature);

  const std::shared_ptr<const Reference> reference_;
  std::vector<int> places_;  // of each feature among its record's fields, where it stood last
};

}  // namespace drift
