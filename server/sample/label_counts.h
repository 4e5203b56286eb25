#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "server/base/counter.h"

namespace driftserve {

/// What became of a reported label. Each ends in exactly one.
enum class LabelOutcome : uint8_t {
  kJoined,      // its prediction's error was found
  kUnknown,     // no sampled prediction has its request id and row: the usual fate where not every row is sampled
  kRepeated,    // that prediction has its label already
  kLate,        // after the time limit
  kFromFuture,  // observed_at is more than a minute ahead of the server's clock
  kWrongType,   // a text for a number, or nothing that the prediction can be compared with
  kDropped,     // the queue to the observer was full
};
inline constexpr size_t kLabelOutcomeCount = 7;
inline constexpr std::array<const char*, kLabelOutcomeCount> kLabelOutcomeNames = {
    "joined", "unknown", "repeated", "late", "from_future", "wrong_type", "dropped"};

/// Reported labels of one model version, by outcome. Thread-safe.
class LabelCounts {
 public:
  void Add(LabelOutcome outcome, uint64_t labels = 1) { counts_[static_cast<size_t>(outcome)].Add(labels); }
  uint64_t Read(LabelOutcome outcome) const { return counts_[static_cast<size_t>(outcome)].Read(); }

 private:
  std::array<SharedCounter, kLabelOutcomeCount> counts_;
};

}  // namespace driftserve
