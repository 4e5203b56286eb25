#pragma once

#include <string>

namespace driftserve::fakes {

/// Writes `content` to `path`, folders included. Aborts where that fails: these are tests.
void WriteFile(const std::string& path, const std::string& content);

/// <folder>/mlp: features FP32 [8] → score FP32 [1], max_batch_size 64. `watched`: with a monitor.yaml of features
/// f0 … f7 and prediction score, stratum {parameter: tier}, rates {vip: 1.0}, default_rate 0.01, and a reference.pb
/// of 4000 rows of independent standard normal features and the model's own scores.
void WriteMlp(const std::string& folder, bool watched);

/// All test models: mlp; raising (x FP32 [1], raises "negative input"); slow (x FP32 [1], about 20 ms a batch);
/// heavy (x FP32 [1], 4 MiB of weights); strings (text BYTES [1] → lengths INT64 [1], upper BYTES [1]);
/// stateful (x FP32 [1] → y, counts its runs); two_outputs (a, b FP32 [-1] → sum, difference); optional (x, optional
/// scale FP32 [1] → y, and with scale half, half of y); identity_<type> for bool, uint8, int8, int16, int32, int64,
/// fp16, bf16, fp32, fp64 (input [-1] → output [-1], without batching dimension: max_batch_size 0).
void WriteModelRepository(const std::string& folder, bool watched);

}  // namespace driftserve::fakes
