#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"

namespace arrow {
class Array;
class DataType;
}  // namespace arrow

namespace drift {

/// The rows of one column of one batch, each row all the elements of a tensor: lists of numbers, or of texts, which
/// are given as their lengths in bytes. A row is copied only when it is asked for, so that a batch of images is never
/// held twice. Thread-compatible; keeps what it reads from alive.
class ListColumn {
 public:
  /// Whether a column of this type has a list, or a nest of lists, per row.
  static bool IsList(const arrow::DataType& type);

  /// `array`: lists of any nesting, fixed in size or not; with `texts` also single texts, rows of one element.
  /// INVALID_ARGUMENT, without the column's name, where its elements are neither numbers nor, with `texts`, texts.
  static absl::StatusOr<ListColumn> Make(std::shared_ptr<arrow::Array> array, bool texts);

  /// Replaces `elements` by those of the row, nested lists flattened in row-major order; nulls are NaN, a null list
  /// within the row has none. False, and `elements` empty, where the row itself is null.
  bool Read(size_t row, std::vector<double>& elements) const;

 private:
  explicit ListColumn(std::shared_ptr<arrow::Array> array) : array_(std::move(array)) {}

  std::shared_ptr<arrow::Array> array_;
};

}  // namespace drift
