#pragma once

#include <cstdint>
#include <optional>

namespace drift {

/// How far a member of the group has come with what lay on the topic before it came. Single-threaded.
class CatchUp {
 public:
  /// `taken`: messages so far; `lag`: those that are known to lie ahead. From 0 to 1; nothing before the first message,
  /// when it is not known what there is, and nothing once 1 was told: what comes later is new.
  std::optional<double> Tell(uint64_t taken, uint64_t lag) {
    if (done_ || taken == 0) return std::nullopt;
    done_ = lag == 0;
    return static_cast<double>(taken) / static_cast<double>(taken + lag);
  }

 private:
  bool done_ = false;
};

}  // namespace drift
