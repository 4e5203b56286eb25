#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "drift/value.h"
#include "server/sample/label_counts.h"
#include "server/tap/label_inbox.h"

namespace driftserve {

/// A sampled prediction that waits for its label.
struct WaitingPrediction {
  drift::Value value;  // numbers and bools; of a text only its type …
  std::string text;    // … and here its bytes
  int64_t time_ns = 0;         // Unix, of its request
  double inclusion_probability = 1;
  int stratum = 0;
  uint32_t rule_version = 0;

  drift::Value AsValue() const { return value.type() == drift::Value::Type::kText ? drift::Value::Text(text) : value; }
};

/// Labels that came before their predictions.
struct EarlyLabelLimits {
  size_t labels = 65'536;           // above it the oldest is given up, as unknown
  int64_t wait_ns = 5'000'000'000;  // how long a label waits for its prediction
};

struct LabelTableLimits {
  int64_t time_limit_ns = 0;  // a label that comes later is late
  size_t rows = 100'000;      // predictions in the table, labelled ones too
  EarlyLabelLimits early;
};

/// Joins labels to sampled predictions by request id and row. Both sides are bounded in number and time.
///
/// A prediction stays for twice the time limit, so that a label that comes again or too late is told from one of a
/// prediction that was never sampled. A label may overtake its prediction, which is sampled after the reply: it waits
/// for `early.wait_ns`. Request ids are kept as 128-bit hashes. Used by the observer thread; time is the caller's.
/// Dropped: the oldest prediction above `rows` (evicted), a second one under the same key, which is refused
/// (repeated), and a text above kMostLabelBytes or a missing value (unusable); each counted.
class LabelTable {
 public:
  /// What a label is, for who joins it.
  struct Label {
    drift::Value value;  // as WaitingPrediction's
    std::string text;
    int64_t observed_ns = 0, arrived_ns = 0;
    drift::Value AsValue() const {
      return value.type() == drift::Value::Type::kText ? drift::Value::Text(text) : value;
    }
  };
  struct Counts {
    uint64_t kept = 0, repeated = 0, evicted = 0, unusable = 0;
  };

  explicit LabelTable(LabelTableLimits limits) : limits_(limits) {}

  /// False where nothing was kept; counted why. `early`: the label that was waiting for it, to be joined now.
  bool Add(std::string_view request_id, uint32_t row, const WaitingPrediction& prediction,
           std::optional<Label>& early);

  bool Has(std::string_view request_id, uint32_t row) const { return waiting_.count(KeyOf(request_id, row)) != 0; }

  /// kJoined: `prediction` is the label's, until the next call; else null, and why. Nothing: the label is early or
  /// unknown, and waits; once it has waited in vain, Advance counts it.
  std::optional<LabelOutcome> Join(std::string_view request_id, uint32_t row, const Label& label,
                                   const WaitingPrediction*& prediction);

  /// Lets go what has waited long enough. Returns how many labels turned out to be unknown.
  uint64_t Advance(int64_t now_ns);

  const Counts& counts() const { return counts_; }
  size_t size() const { return waiting_.size(); }

 private:
  struct Key {
    uint64_t first, second;
    uint32_t row;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const { return key.first ^ (uint64_t{key.row} * 0x9e3779b97f4a7c15u); }
  };
  struct Entry {
    WaitingPrediction prediction;
    bool labelled = false;
  };

  static Key KeyOf(std::string_view request_id, uint32_t row);
  bool IsLate(int64_t predicted_ns, int64_t arrived_ns) const {
    return arrived_ns - predicted_ns > limits_.time_limit_ns;
  }
  void Evict(int64_t now_ns);

  const LabelTableLimits limits_;
  std::unordered_map<Key, Entry, KeyHash> waiting_;
  std::deque<Key> order_;  // of waiting_, oldest first
  std::unordered_map<Key, Label, KeyHash> early_;
  std::deque<Key> early_order_;   // of early_; keys that are no longer in it are passed over
  uint64_t crowded_out_ = 0;      // early labels given up for newer ones since the last Advance
  Counts counts_;
};

}  // namespace driftserve
