#include "server/decode/tensor_check.h"

#include "absl/strings/str_join.h"
#include "server/base/text.h"
#include "server/decode/bytes_tensor.h"

namespace driftserve {
namespace {

absl::Status ShapeError(const TensorSpec& spec, bool batches, absl::Span<const int64_t> shape) {
  return absl::InvalidArgumentError(
      Concat("input '", spec.name, "': expected shape ", ExpectedShapeText(spec, batches), ", got ", ShapeText(shape)));
}

}  // namespace

std::string ShapeText(absl::Span<const int64_t> shape) { return Concat("[", absl::StrJoin(shape, ", "), "]"); }

std::string ExpectedShapeText(const TensorSpec& spec, bool batches) {
  Shape shape(spec.dims.begin(), spec.dims.end());
  if (batches) shape.insert(shape.begin(), -1);
  return ShapeText(shape);
}

absl::StatusOr<int64_t> ElementCount(const std::string& input, absl::Span<const int64_t> shape) {
  int64_t count = 1;
  for (const int64_t dimension : shape) {
    if (dimension < 0) {
      return absl::InvalidArgumentError(
          Concat("input '", input, "': expected dimensions of at least 0, got ", ShapeText(shape)));
    }
    if (__builtin_mul_overflow(count, dimension, &count)) {
      return absl::InvalidArgumentError(
          Concat("input '", input, "': shape ", ShapeText(shape), " has more than 2^63 elements"));
    }
  }
  return count;
}

absl::Status CheckShape(const TensorSpec& spec, int max_batch_size, absl::Span<const int64_t> shape) {
  const bool batches = max_batch_size > 0;
  const size_t offset = batches ? 1 : 0;
  if (shape.size() != spec.dims.size() + offset) return ShapeError(spec, batches, shape);
  for (size_t i = 0; i < spec.dims.size(); ++i) {
    const int64_t got = shape[i + offset];
    if (got < 0 || (spec.dims[i] >= 0 && got != spec.dims[i])) return ShapeError(spec, batches, shape);
  }
  if (batches && (shape[0] < 1 || shape[0] > max_batch_size)) {
    return absl::InvalidArgumentError(Concat("input '", spec.name, "': expected 1 to ", max_batch_size,
                                             " rows (max_batch_size of config.pbtxt), got ", shape[0]));
  }
  return absl::OkStatus();
}

absl::Status CheckBytes(const TensorSpec& spec, const TensorView& tensor, int64_t elements) {
  if (tensor.type != DataType::kBytes) {
    int64_t expected;
    if (__builtin_mul_overflow(elements, static_cast<int64_t>(ElementSize(tensor.type)), &expected) ||
        static_cast<uint64_t>(expected) != tensor.byte_size) {
      return absl::InvalidArgumentError(Concat("input '", spec.name, "': expected ", elements, " elements of ",
                                               Name(tensor.type), " (", ElementSize(tensor.type),
                                               " bytes each) for shape ", ShapeText(tensor.shape), ", got ",
                                               tensor.byte_size, " bytes"));
    }
    return absl::OkStatus();
  }
  BytesReader reader(tensor.bytes, tensor.byte_size);
  int64_t count = 0;
  while (count <= elements && reader.Next().has_value()) ++count;
  if (count != elements || !reader.at_end()) {
    return absl::InvalidArgumentError(Concat("input '", spec.name, "': expected ", elements,
                                             " BYTES elements, each a 4-byte length and that many bytes, got ",
                                             tensor.byte_size, " bytes with ",
                                             count > elements ? "more" : Concat(count), " whole elements"));
  }
  return absl::OkStatus();
}

}  // namespace driftserve
