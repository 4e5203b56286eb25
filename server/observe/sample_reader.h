#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "drift/value.h"
#include "server/base/tensor.h"
#include "server/sample/watched_model.h"
#include "server/tap/sample.h"

namespace driftserve {

/// Element `index` of a tensor whose elements have one size; missing where there is no such element.
drift::Value ReadElement(const TensorView& tensor, size_t index);

/// What a whole row of a tensor was read as.
enum class RowKind : uint8_t { kNone, kNumbers, kTexts };

/// Reads the watched values of one sample. Texts are views into the sample. Used by one thread; must not outlive the
/// sample. What a tensor does not hold (an element beyond its end, a tensor that is not there) reads as missing.
class SampleReader {
 public:
  explicit SampleReader(const Sample& sample) : sample_(sample) {}

  /// `position`: the row's position in the sample's tensors. NaN and infinities are given as they are.
  drift::Value Feature(const FeatureBinding& binding, uint32_t position) {
    return Read(sample_.inputs, input_ends_, binding, position);
  }
  drift::Value Prediction(const FeatureBinding& binding, uint32_t position) {
    return Read(sample_.outputs, output_ends_, binding, position);
  }

  /// Replaces `elements` by all those of the row as doubles, of a tensor of texts by their lengths in bytes. Where the
  /// model does not batch, the whole tensor is the row. kNone, and no elements, where the tensor does not hold the row.
  RowKind FeatureRow(int tensor, uint32_t position, bool batches, std::vector<double>& elements) {
    return ReadRow(sample_.inputs, input_ends_, tensor, position, batches, elements);
  }
  RowKind PredictionRow(int tensor, uint32_t position, bool batches, std::vector<double>& elements) {
    return ReadRow(sample_.outputs, output_ends_, tensor, position, batches, elements);
  }

 private:
  // Per tensor, for texts: where element i ends, as far as anybody asked.
  using Ends = std::vector<std::vector<size_t>>;

  drift::Value Read(const TensorList& tensors, Ends& ends, const FeatureBinding& binding, uint32_t position);
  RowKind ReadRow(const TensorList& tensors, Ends& ends, int tensor, uint32_t position, bool batches,
                  std::vector<double>& elements);
  static drift::Value ReadText(const TensorView& tensor, std::vector<size_t>& ends, size_t index);

  const Sample& sample_;
  Ends input_ends_, output_ends_;
};

}  // namespace driftserve
