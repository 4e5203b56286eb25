#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "drift/batch/row_source.h"
#include "drift/reference.h"
#include "drift/topic/topic_address.h"

namespace drift {

struct TopicSourceOptions {
  TopicAddress address;
  /// What rows are read for. Labels and features that are not recorded must be left out: RecordedPart().
  std::shared_ptr<const Reference> reference;
  std::vector<std::pair<std::string, std::string>> properties;  // TopicConnection's
  int64_t timeout_ms = 15'000;
};

/// The records of a topic between two points as rows, in the order in which partitions give them, with their times,
/// strata and inclusion probabilities; ends at the high watermarks of the moment when it was opened; joins no group.
/// Records of another model, version or reference, damaged and foreign messages and duplicates are skipped; warnings()
/// says how many, where the first are, and which sequence numbers are missing beyond doubt.
///
/// UNAVAILABLE where no broker answers in time, also in the middle; NOT_FOUND where there is no topic.
absl::StatusOr<std::unique_ptr<RowSource>> OpenTopic(const TopicSourceOptions& options);

}  // namespace drift
