#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/batch/inference.h"
#include "server/decode/infer_request.h"

namespace driftserve {

/// Above this, memory goes back to the allocator: one large request must not fix the size of every one after it.
inline constexpr size_t kKeepBytes = size_t{1} << 20;
/// What a byte of a message that nobody has checked may hold in memory: an empty element of a repeated field.
inline constexpr size_t kMemoryPerByte = 32;

/// An Inference as the poller sees it before it is decoded: what its message and its call say.
class RpcInference : public Inference {
 public:
  virtual const std::string& model_name() const = 0;
  virtual const std::string& model_version() const = 0;
  virtual const std::string& client_request_id() const = 0;

  /// Fills `decoded`. REQUIRES: `model` is set.
  virtual absl::Status Decode(const DecodeLimits& limits) = 0;

  /// For strata: a request parameter or an entry of the call's metadata as text; empty where there is none.
  virtual std::string ParameterNamed(const std::string& name) const = 0;
  virtual std::string MetadataNamed(const std::string& name) const = 0;

  /// The caller's deadline, monotonic nanoseconds; kNoDeadline without one.
  virtual int64_t CallerDeadlineNanos() const = 0;

  /// False when the messages have grown so much that they are better freed than kept for the next request.
  virtual bool worth_keeping() const = 0;

 protected:
  /// A refused request's message may hold what decoding never came to; `message_bytes`: on the wire.
  void NoteRefused(size_t message_bytes) {
    decoded.byte_size = std::max(decoded.byte_size, message_bytes * kMemoryPerByte);
  }
};

}  // namespace driftserve
