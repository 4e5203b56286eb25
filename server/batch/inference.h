#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "server/base/serving_counters.h"
#include "server/base/tensor.h"
#include "server/decode/decoded_request.h"
#include "server/repository/model.h"
#include "server/tap/sample.h"

namespace driftserve {

inline constexpr int64_t kNoDeadline = std::numeric_limits<int64_t>::max();

/// One accepted request between decoding and reply, whatever call it came by. It owns its messages, so that after the
/// reply it can travel on as the owner of a sample.
///
/// Thread safety: one thread at a time; whoever holds the pointer. Lifetime: after Send the call it came by may be
/// gone, the messages are not.
class Inference : public SampleOwner {
 public:
  /// Puts rows [first_row, first_row + decoded.rows) of `model_outputs` into the response, and points `outputs` at
  /// their bytes inside this object. An error where the outputs do not fit where the caller wants them.
  virtual absl::Status Encode(const TensorList& model_outputs, int64_t first_row) = 0;

  /// Sends the response, or the error. Called exactly once; the call is not touched afterwards.
  virtual void Send(const absl::Status& status) = 0;

  /// True once the caller has gone away. REQUIRES: before Send.
  virtual bool Cancelled() const = 0;

  /// The W3C trace context that came with the request; empty without one. On the thread that accepted the request it
  /// may be read after Send too, until that thread turns to its queue again.
  virtual std::string Traceparent() const = 0;

  /// Who sent it, as gRPC writes an address. REQUIRES: as Traceparent.
  virtual std::string Peer() const = 0;

  /// Prepares for the next request: keeps memory, drops content.
  void Reset() {
    model.reset();
    decoded.Clear();
    outputs.clear();
    request_id.clear();
    traceparent.reset();
    deadline_ns = kNoDeadline;
    late_ns = kNoDeadline;
    ticket = 0;
  }

  Method method = Method::kModelInfer;
  std::shared_ptr<Model> model;
  DecodedRequest decoded;
  TensorList outputs;
  std::string request_id;
  std::optional<std::string> traceparent;  // filled, with nothing too, where it must be read before Send
  uint64_t sequence = 0;
  int64_t accepted_ns = 0;  // monotonic
  int64_t time_ns = 0;      // Unix, of the same moment
  int64_t deadline_ns = kNoDeadline;
  size_t level = 0;               // of ModelSettings::levels
  int64_t late_ns = kNoDeadline;  // from when on it runs after the others of its level
  uint64_t ticket = 0;            // of the model's reply_order; 0: none was issued
};

/// Why a request is not to run at `now_ns`; nothing where it is. REQUIRES: as Cancelled.
std::optional<Refusal> WhyNot(const Inference& inference, int64_t now_ns);

/// Where requests go whose model does not run on the thread that accepted them. Thread-safe; never blocks.
class InferenceQueue {
 public:
  virtual ~InferenceQueue() = default;
  /// Takes the request over; it stays where the model's own queue is full, or is so long that it cannot end before its
  /// deadline.
  virtual std::optional<Refusal> Enqueue(std::unique_ptr<Inference>& inference) = 0;
  virtual size_t waiting() const = 0;
};

}  // namespace driftserve
