#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "absl/status/status.h"
#include "server/batch/inference.h"

namespace driftserve {

/// Sends the answers of one model in the order in which its requests were accepted (preserve_ordering of config.pbtxt).
/// An answer that is there too early is held until those before it are out; a refusal leaves at once, and holds nobody.
///
/// Thread safety: all by anyone. Lifetime: empty once every request that got a ticket has been answered or refused.
class ReplyOrder {
 public:
  struct Answer {
    std::unique_ptr<Inference> inference;  // null: it was refused, and has its answer
    absl::Status status;
    int64_t start_ns = 0;  // of its batch
  };
  using Sender = std::function<void(Answer)>;

  /// The next place in the order; from 1.
  uint64_t Issue();

  /// Takes an answer over, and hands `send` every one whose turn has come, one after another: no other thread sends
  /// meanwhile.
  void Put(uint64_t ticket, Answer answer, const Sender& send);

 private:
  std::mutex mutex_;  // guards everything below
  uint64_t issued_ = 0;
  uint64_t next_ = 1;
  std::map<uint64_t, Answer> held_;
};

}  // namespace driftserve
