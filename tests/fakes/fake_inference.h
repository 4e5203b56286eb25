#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/batch/inference.h"

namespace driftserve {

/// What became of a FakeInference.
struct FakeReply {
  absl::Status status;
  std::vector<float> outputs;
};

/// A request of `rows` rows of one float each that notes its reply; no call behind it.
class FakeInference final : public Inference {
 public:
  FakeInference(std::shared_ptr<Model> model_of_request, std::vector<float> values,
                std::function<void(FakeReply)> on_reply)
      : values_(std::move(values)), on_reply_(std::move(on_reply)) {
    model = std::move(model_of_request);
    decoded.rows = static_cast<int64_t>(values_.size());
    decoded.inputs.push_back({DataType::kFp32,
                              {decoded.rows, 1},
                              reinterpret_cast<const char*>(values_.data()),
                              values_.size() * sizeof(float)});
    decoded.byte_size = decoded.inputs[0].byte_size;
    decoded.strata.push_back(0);
  }

  absl::Status Encode(const TensorList& model_outputs, int64_t first_row) override {
    const auto* values = reinterpret_cast<const float*>(model_outputs[0].bytes) + first_row;
    encoded_.assign(values, values + decoded.rows);
    outputs.push_back({DataType::kFp32,
                       {decoded.rows, 1},
                       reinterpret_cast<const char*>(encoded_.data()),
                       encoded_.size() * sizeof(float)});
    return encode_failure;
  }
  void Send(const absl::Status& status) override {
    sent_ = true;
    on_reply_({status, encoded_});
  }
  bool Cancelled() const override { return cancelled; }
  std::string Traceparent() const override {
    if (sent_) ++reads_after_send;
    return trace;
  }
  std::string Peer() const override { return "ipv4:192.0.2.1:7"; }

  bool cancelled = false;
  absl::Status encode_failure;
  std::string trace = "00-trace";
  mutable int reads_after_send = 0;

 private:
  std::vector<float> values_;
  std::vector<float> encoded_;
  bool sent_ = false;
  std::function<void(FakeReply)> on_reply_;
};

/// Doubles every value; fails with `failure` when that is set. Notes the sizes of the batches it ran.
class DoublingGraph final : public Graph {
 public:
  absl::Status Run(absl::Span<const BatchItem> items, TensorList& outputs) override {
    int64_t rows = 0;
    values_.clear();
    for (const BatchItem& item : items) {
      const auto* values = reinterpret_cast<const float*>((*item.inputs)[0].bytes);
      for (int64_t i = 0; i < item.rows; ++i) values_.push_back(2 * values[i]);
      rows += item.rows;
    }
    if (before_run) before_run();
    batches.push_back(rows);
    if (!failure.ok()) return failure;
    outputs.clear();
    outputs.push_back(
        {DataType::kFp32, {rows, 1}, reinterpret_cast<const char*>(values_.data()), values_.size() * sizeof(float)});
    return absl::OkStatus();
  }

  std::vector<int64_t> batches;
  absl::Status failure;
  std::function<void()> before_run;

 private:
  std::vector<float> values_;
};

}  // namespace driftserve
