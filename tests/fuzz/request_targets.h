#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "driftserve/v1/predict.pb.h"
#include "inference/grpc_service.pb.h"
#include "server/base/clock.h"
#include "server/decode/infer_request.h"
#include "server/rpc/label_calls.h"
#include "tests/fakes/shared_object.h"

namespace driftserve {

/// What became of bytes that a client sent.
enum class Outcome { kUnreadable, kRefused, kServed };

/// For the driver's totals.
void Count(Outcome outcome);

/// A refusal is the caller's fault, and says why; else the program ends.
void RequireReason(const absl::Status& status);

/// Each target takes the bytes of one request from parsing to the response, against a model of its own, and ends the
/// process where the server broke its word: a view outside what was sent, a row too many, a refusal without a reason,
/// bytes written where they were not asked for. State from request to request is what recycled calls keep. Not
/// thread-safe.
///
/// ModelInfer: with three inputs, two outputs and a region "r" of shared memory.
class InferTarget {
 public:
  using Message = inference::ModelInferRequest;
  static const std::vector<std::string>& Texts();

  InferTarget();
  Outcome Try(std::string_view bytes);

 private:
  void CheckInputs();
  absl::Status Answer();
  void CheckObject();

  const std::string pattern_;
  SharedObject object_;
  SharedRegions regions_;
  DecodeLimits limits_;
  Model model_;
  WatchedModel watched_;
  Message request_;
  DecodedRequest decoded_;
  inference::ModelInferResponse response_;
  TensorList views_;
};

/// Predict, of the same model by columns.
class PredictTarget {
 public:
  using Message = wire::PredictRequest;
  static const std::vector<std::string>& Texts();

  PredictTarget();
  Outcome Try(std::string_view bytes);

 private:
  Model model_;
  WatchedModel watched_;
  Message request_;
  DecodedRequest decoded_;
};

/// ReportLabels, of a model "m" that takes labels of any type.
class LabelsTarget {
 public:
  using Message = v1::ReportLabelsRequest;
  static const std::vector<std::string>& Texts();

  LabelsTarget();
  Outcome Try(std::string_view bytes);

 private:
  Registry registry_;
  ServerState state_;
  ServingCounters unknown_{1};
  LabelInbox inbox_;
  LabelCallSettings settings_;
  Message request_;
};

}  // namespace driftserve
