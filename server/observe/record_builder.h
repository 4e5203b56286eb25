#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "drift/profile/monitor_settings.h"
#include "drift/value.h"
#include "driftserve/v1/record.pb.h"
#include "server/observe/keyed_hash.h"
#include "server/publish/publisher.h"
#include "server/sample/watched_model.h"
#include "server/tap/sample.h"

namespace driftserve {

/// What is the same in all records of one boot.
struct RecordOrigin {
  uint64_t boot_id = 0;
  std::string source;               // CloudEvents source
  std::string topic;
  std::optional<HashKey> hash_key;  // unset: fields to be hashed are dropped, never shown
};

/// Makes the Kafka message of a kept row: key "<model>/<stratum>", CloudEvents headers, value driftserve.v1.Record.
/// Used by one thread.
class RecordBuilder {
 public:
  /// `settings` decides for every feature and prediction whether it is kept, hashed or dropped.
  RecordBuilder(const WatchedModel& model, const drift::RecordSettings& settings, RecordOrigin origin);

  /// `values`: one per feature, then one per prediction, in the order of the model's settings. Missing values, NaN and
  /// infinities are fields without a value.
  OutgoingRecord Build(const Sample& sample, const KeptRow& row, absl::Span<const drift::Value> values, uint64_t seq);

  /// Names of the fields that are to be hashed but are dropped, since there is no key.
  std::vector<std::string> FieldsWithoutKey() const;

 private:
  struct Field {
    std::string name;
    drift::RecordMode mode;
    bool prediction;
  };
  void AddField(const Field& field, const drift::Value& value);

  const WatchedModel& model_;
  const RecordOrigin origin_;
  const std::string boot_text_;
  std::vector<Field> fields_;
  driftserve::v1::Record record_;  // kept for its allocations
};

}  // namespace driftserve
