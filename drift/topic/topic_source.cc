#include "drift/topic/topic_source.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_set>

#include "drift/profile/text.h"
#include "drift/topic/boot_sequences.h"
#include "drift/topic/kafka_consumer.h"
#include "drift/topic/record_row.h"
#include "drift/topic/topic_range.h"

namespace drift {
namespace {

constexpr size_t kBatchRows = 1024;
constexpr int kPollMs = 100;
constexpr size_t kShownGaps = 3;

RecordFilter FilterOf(const TopicSourceOptions& options) {
  const TopicAddress& address = options.address;
  RecordFilter filter{address.model_name, address.model_version, ""};
  if (filter.model_name.empty()) filter.model_name = options.reference->model_name;
  if (filter.model_version.empty()) filter.model_version = options.reference->model_version;
  if (!address.any_reference) filter.reference_hash = options.reference->hash;
  return filter;
}

std::string GapText(const SequenceGap& gap) {
  const std::string boot = Concat("boot ", absl::StrCat(absl::Hex(gap.boot_id, absl::kZeroPad16)), " number ");
  return gap.first == gap.last ? Concat(boot, gap.first) : Concat(boot, gap.first, " to ", gap.last);
}

class TopicSource final : public RowSource {
 public:
  TopicSource(const TopicSourceOptions& options, std::unique_ptr<KafkaConsumer> consumer)
      : options_(options), filter_(FilterOf(options)), consumer_(std::move(consumer)), rows_(options.reference) {}

  absl::Status Start();
  absl::StatusOr<const RowBatch*> Next() override;
  double progress() const override;
  DataSide side() const override { return side_; }
  std::vector<std::string> warnings() const override;

 private:
  struct Reading {
    PartitionRange range;
    int64_t position = 0;
    bool done = false;
  };

  absl::Status Assign();
  absl::Status Take(const rd_kafka_message_t& message);
  void TakeRecord(const TopicMessage& message, bool from_start);
  std::optional<Skip> Check(const TopicMessage& message, bool from_start, const driftserve::v1::Record& record);
  void Append(const driftserve::v1::Record& record);
  void Finish(Reading& reading);
  void Clear();
  absl::Status Stalled() const;

  const TopicSourceOptions options_;
  const RecordFilter filter_;
  const std::unique_ptr<KafkaConsumer> consumer_;
  RecordRow rows_;
  std::map<int32_t, Reading> readings_;
  size_t open_ = 0;  // partitions not yet done
  BootSequences sequences_;
  SkippedMessages skipped_;
  std::vector<std::string> short_ends_;
  DataSide side_;
  RowBatch batch_;
  std::vector<driftserve::v1::Record> records_;  // of the batch: its texts are views into them
  std::vector<Value> values_;                    // of the row in hand
};

absl::Status TopicSource::Start() {
  const auto ranges = FindRanges(*consumer_, options_.address.from, options_.address.to);
  if (!ranges.ok()) return ranges.status();
  int64_t messages = 0;
  for (const PartitionRange& range : *ranges) {
    const bool empty = range.begin >= range.end;
    readings_[range.partition] = {range, range.begin, empty};
    open_ += empty ? 0 : 1;
    messages += range.end - range.begin;
  }
  side_.source = Concat(kTopicScheme, options_.address.brokers, "/", options_.address.topic, " (", ranges->size(),
                        ranges->size() == 1 ? " partition, " : " partitions, ", messages, " messages)");
  records_.resize(kBatchRows);
  batch_.values.resize(options_.reference->features.size());
  return Assign();
}

absl::Status TopicSource::Assign() {
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(readings_.size())));
  for (const auto& [partition, reading] : readings_) {
    if (reading.done) continue;
    rd_kafka_topic_partition_list_add(list.get(), options_.address.topic.c_str(), partition)->offset =
        reading.range.begin;
  }
  const rd_kafka_resp_err_t error = rd_kafka_assign(consumer_->client(), list.get());
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  return consumer_->Failure("taking up its partitions", error);
}

absl::StatusOr<const RowBatch*> TopicSource::Next() {
  Clear();
  int64_t waited_ms = 0;
  while (open_ > 0 && batch_.rows < kBatchRows) {
    const rd_kafka_message_t* message = consumer_->Poll(kPollMs);
    if (message == nullptr) {
      waited_ms += kPollMs;
      if (waited_ms >= options_.timeout_ms) return Stalled();
      continue;
    }
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) waited_ms = 0;
    if (const absl::Status taken = Take(*message); !taken.ok()) return taken;
  }
  return batch_.rows > 0 ? &batch_ : nullptr;
}

void TopicSource::Clear() {
  batch_.rows = 0;
  for (auto& column : batch_.values) column.clear();
  batch_.times_ns.clear();
  batch_.strata.clear();
  batch_.inclusion_probabilities.clear();
}

absl::Status TopicSource::Take(const rd_kafka_message_t& message) {
  const auto found = readings_.find(message.partition);
  switch (message.err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR: break;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      if (found != readings_.end()) Finish(found->second);
      return absl::OkStatus();
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__FATAL: return consumer_->Failure("reading", message.err);
    default: return absl::OkStatus();  // librdkafka tries again by itself; Stalled() bounds it
  }
  if (found == readings_.end() || found->second.done) return absl::OkStatus();
  Reading& reading = found->second;
  reading.position = message.offset + 1;
  if (message.offset < reading.range.end) TakeRecord(ReadMessage(message), reading.range.from_start);
  if (reading.position >= reading.range.end) Finish(reading);
  return absl::OkStatus();
}

// The end of the range, or of what there is to read: what lies between is of a transaction that is not over, or gone.
void TopicSource::Finish(Reading& reading) {
  if (reading.done) return;
  reading.done = true;
  --open_;
  if (reading.position >= reading.range.end) return;
  short_ends_.push_back(Concat("partition ", reading.range.partition, " could be read up to offset ", reading.position,
                               " of ", reading.range.end, " only: the rest is not committed or is no message"));
}

void TopicSource::TakeRecord(const TopicMessage& message, bool from_start) {
  driftserve::v1::Record& record = records_[batch_.rows];
  record.Clear();
  std::optional<Skip> skip = ReadRecord(message, record);
  if (!skip) skip = Check(message, from_start, record);
  if (skip) {
    skipped_.Count(message, *skip);
  } else {
    Append(record);
  }
}

std::optional<Skip> TopicSource::Check(const TopicMessage& message, bool from_start,
                                       const driftserve::v1::Record& record) {
  // Numbers are given over all models of a server, so other models' records count for them too.
  if (!sequences_.Insert(message.partition, from_start, record.boot_id(), record.seq())) {
    return Skip{SkipReason::kDuplicate, ""};
  }
  if (std::optional<Skip> other = CheckRecord(record, filter_)) return other;
  const TopicAddress& address = options_.address;
  const int64_t time_ns = TimeOf(record);
  const bool early = address.from.kind == TopicPoint::Kind::kTime && time_ns < address.from.value;
  const bool late = address.to.kind == TopicPoint::Kind::kTime && time_ns >= address.to.value;
  if (early || late) return Skip{SkipReason::kOutOfTime, ""};
  return rows_.Read(record, values_);
}

void TopicSource::Append(const driftserve::v1::Record& record) {
  for (size_t i = 0; i < values_.size(); ++i) batch_.values[i].push_back(values_[i]);
  const int64_t time_ns = TimeOf(record);
  batch_.times_ns.push_back(time_ns);
  batch_.strata.push_back(record.stratum());
  batch_.inclusion_probabilities.push_back(record.inclusion_probability());
  ++batch_.rows;
  side_.first_ns = side_.rows == 0 ? time_ns : std::min(side_.first_ns, time_ns);
  side_.last_ns = std::max(side_.last_ns, time_ns);
  ++side_.rows;
}

absl::Status TopicSource::Stalled() const {
  std::string where;
  for (const auto& [partition, reading] : readings_) {
    if (reading.done) continue;
    where += Concat(where.empty() ? "" : ", ", "partition ", partition, " at offset ", reading.position, " of ",
                    reading.range.end);
  }
  return consumer_->Failure(Concat("nothing more came: ", where), RD_KAFKA_RESP_ERR__TIMED_OUT);
}

double TopicSource::progress() const {
  double read = 0, all = 0;
  for (const auto& [partition, reading] : readings_) {
    all += static_cast<double>(reading.range.end - reading.range.begin);
    read += static_cast<double>((reading.done ? reading.range.end : reading.position) - reading.range.begin);
  }
  return all > 0 ? read / all : 1;
}

std::vector<std::string> TopicSource::warnings() const {
  std::vector<std::string> warnings = skipped_.Describe();
  warnings.insert(warnings.end(), short_ends_.begin(), short_ends_.end());
  if (const uint64_t missing = sequences_.MissingNumbers(); missing > 0) {
    std::vector<std::string> gaps;
    for (const SequenceGap& gap : sequences_.Gaps(kShownGaps)) gaps.push_back(GapText(gap));
    warnings.push_back(Concat(missing, missing == 1 ? " record is lost" : " records are lost",
                              ", by the gaps in {boot_id, seq}; the first: ", JoinNames(gaps)));
  }
  return warnings;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RowSource>> OpenTopic(const TopicSourceOptions& options) {
  const TopicConnection connection{options.address.brokers, options.address.topic, options.properties,
                                   options.timeout_ms};
  auto consumer = KafkaConsumer::Open(connection, {});
  if (!consumer.ok()) return consumer.status();
  auto source = std::make_unique<TopicSource>(options, *std::move(consumer));
  if (const absl::Status started = source->Start(); !started.ok()) return started;
  return std::unique_ptr<RowSource>(std::move(source));
}

}  // namespace drift
