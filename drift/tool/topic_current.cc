#include "drift/tool/topic_current.h"

#include <algorithm>

#include "drift/profile/text.h"
#include "drift/topic/record_row.h"
#include "drift/topic/topic_connection.h"
#include "drift/topic/topic_source.h"

namespace drift {
namespace {

absl::Status CheckFlags(const ComparisonOptions& options) {
  if (options.current.size() != 1) {
    return absl::InvalidArgumentError("--current: expected one kafka:// address and nothing beside it");
  }
  const std::string columns[] = {options.time_column, options.stratum_column, options.probability_column,
                                 options.weight_column};
  if (std::any_of(std::begin(columns), std::end(columns), [](const std::string& name) { return !name.empty(); })) {
    return absl::InvalidArgumentError(
        "--time, --stratum, --inclusion-probability and --weight are for files: records have their own");
  }
  return absl::OkStatus();
}

/// --since or --to in place of what the address says.
absl::Status SetPoint(const std::string& flag, const std::string& text, int64_t now_ns, TopicPoint& point) {
  if (text.empty()) return absl::OkStatus();
  const auto parsed = ParseTopicPoint(text, now_ns);
  if (!parsed.ok()) return absl::InvalidArgumentError(Concat(flag, ": ", parsed.status().message()));
  point = *parsed;
  return absl::OkStatus();
}

absl::StatusOr<TopicAddress> AddressOf(const ComparisonOptions& options, int64_t now_ns) {
  auto address = ParseTopicAddress(options.current.front(), now_ns);
  if (!address.ok()) return address.status();
  const TopicOptions& topic = options.topic;
  if (const absl::Status set = SetPoint("--since", topic.since, now_ns, address->from); !set.ok()) return set;
  if (const absl::Status set = SetPoint("--to", topic.to, now_ns, address->to); !set.ok()) return set;
  if (const absl::Status ordered = CheckOrder(*address); !ordered.ok()) return ordered;
  return address;
}

void LeaveOutUnrecorded(OpenedReference& opened) {
  std::vector<std::string> left_out;
  const bool monitored = !opened.monitor_file.empty();
  Reference part = RecordedPart(*opened.reference, monitored ? &opened.monitor.record : nullptr, left_out);
  if (left_out.empty()) return;
  opened.warnings.push_back(
      Concat("not compared, as records do not hold it as it was (labels, and record.fields in monitor.yaml): ",
             JoinNames(left_out)));
  opened.reference = std::make_shared<const Reference>(std::move(part));
}

}  // namespace

bool IsTopic(const ComparisonOptions& options) {
  return std::any_of(options.current.begin(), options.current.end(),
                     [](const std::string& current) { return IsTopicAddress(current); });
}

absl::StatusOr<std::unique_ptr<RowSource>> OpenTopicCurrent(OpenedReference& reference,
                                                            const ComparisonOptions& options, const Console& console) {
  if (const absl::Status flags = CheckFlags(options); !flags.ok()) return flags;
  TopicSourceOptions topic;
  auto address = AddressOf(options, console.unix_ns());
  if (!address.ok()) return address.status();
  topic.address = *std::move(address);
  // A reference built from rows has a hash of its own: no record was made against it.
  if (options.reference.file.empty()) topic.address.any_reference = true;
  if (topic.address.model_name.empty() && reference.reference->model_name.empty()) {
    return absl::InvalidArgumentError(
        Concat(options.current.front(), ": the reference has no model name; say whose records by &model=…"));
  }
  for (const std::string& text : options.topic.kafka_config) {
    auto property = ParseKafkaProperty(text);
    if (!property.ok()) return property.status();
    topic.properties.push_back(*std::move(property));
  }
  topic.timeout_ms = options.topic.timeout_ms;
  LeaveOutUnrecorded(reference);
  topic.reference = reference.reference;
  return OpenTopic(topic);
}

}  // namespace drift
