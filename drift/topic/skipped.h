#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "drift/topic/topic_message.h"

namespace drift {

/// Why a message is no row to be compared.
enum class SkipReason : uint8_t {
  kForeign,         // its headers say that it is something else
  kCorrupt,         // not a Record, or one that contradicts itself
  kOtherModel,      // of another model
  kOtherVersion,    // of another version of the model
  kOtherReference,  // made while the model was compared with another reference
  kAbsentField,     // a watched feature is not in it
  kHashedField,     // a watched feature is in it as a keyed hash
  kUnreadable,      // a value is none of the feature's type
  kDuplicate,       // its {boot_id, seq} came before
  kOutOfTime,       // before or after the times asked for
};
inline constexpr size_t kSkipReasons = 10;

/// The reason as a label: "foreign", "corrupt", "other_model", …
std::string_view Name(SkipReason reason);

/// A reason, and what exactly was found: "feature 'temp': expected FP32, got a text".
struct Skip {
  SkipReason reason;
  std::string detail;
};

/// Messages that were skipped: how many by reason, and where the first of each stand. Value type, additive.
class SkippedMessages {
 public:
  static constexpr size_t kPlaces = 3;  // named of each reason

  void Count(const TopicMessage& message, const Skip& skip);
  void Add(const SkippedMessages& other);

  uint64_t count(SkipReason reason) const { return counts_[static_cast<size_t>(reason)].messages; }
  uint64_t total() const;
  /// One sentence a reason: "2 messages are not driftserve.v1.Record: partition 0 offset 17 (…), partition 2 offset 5
  /// (…)". Rows outside the times asked for are not worth one.
  std::vector<std::string> Describe() const;

 private:
  struct Counted {
    uint64_t messages = 0;
    std::vector<std::string> places;
  };
  std::array<Counted, kSkipReasons> counts_;
};

}  // namespace drift
