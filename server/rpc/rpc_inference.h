#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/batch/inference.h"
#include "server/decode/infer_request.h"

namespace driftserve {

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
};

}  // namespace driftserve
