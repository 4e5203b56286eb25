#include "server/tap/copy_rows.h"

#include <cstddef>
#include <cstring>

#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"

namespace driftserve {
namespace {

struct Slice {
  const char* bytes;
  size_t size;
};
using Slices = absl::InlinedVector<Slice, 16>;

// Elements of one row; 0 where the first dimension does not count `rows` rows.
int64_t ElementsPerRow(const TensorView& tensor, int64_t rows) {
  if (tensor.shape.empty() || tensor.shape[0] != rows) return 0;
  int64_t elements = 1;
  for (size_t i = 1; i < tensor.shape.size(); ++i) elements *= tensor.shape[i];
  return elements;
}

bool SliceFixed(const TensorView& tensor, int64_t elements, const KeptRows& kept, Slices& slices) {
  const size_t row_bytes = static_cast<size_t>(elements) * ElementSize(tensor.type);
  for (const KeptRow& row : kept) {
    if (row_bytes == 0 || (size_t{row.position} + 1) * row_bytes > tensor.byte_size) return false;
    slices.push_back({tensor.bytes + row.position * row_bytes, row_bytes});
  }
  return true;
}

// End of the element that starts at `offset`; 0 where it does not fit.
size_t ElementEnd(const TensorView& tensor, size_t offset) {
  uint32_t length;
  if (tensor.byte_size - offset < sizeof(length)) return 0;
  std::memcpy(&length, tensor.bytes + offset, sizeof(length));
  const size_t start = offset + sizeof(length);
  return tensor.byte_size - start < length ? 0 : start + length;
}

// Elements differ in length, so rows are found by walking.
bool SliceText(const TensorView& tensor, int64_t elements, const KeptRows& kept, Slices& slices) {
  size_t offset = 0;
  uint32_t position = 0;
  for (const KeptRow& row : kept) {
    size_t start = offset;
    for (; position <= row.position; ++position) {
      start = offset;
      for (int64_t element = 0; element < elements; ++element) {
        offset = ElementEnd(tensor, offset);
        if (offset == 0) return false;
      }
    }
    slices.push_back({tensor.bytes + start, offset - start});
  }
  return true;
}

bool SliceTensor(const TensorView& tensor, int64_t rows, const KeptRows& kept, Slices& slices) {
  const int64_t elements = ElementsPerRow(tensor, rows);
  if (elements <= 0) return false;
  return tensor.type == DataType::kBytes ? SliceText(tensor, elements, kept, slices)
                                         : SliceFixed(tensor, elements, kept, slices);
}

// Copies the slices of one tensor to `at` and points the tensor there. Returns the end of the copy.
char* CopySlices(absl::Span<const Slice> slices, char* at, TensorView& tensor) {
  tensor.bytes = at;
  for (const Slice& slice : slices) {
    std::memcpy(at, slice.bytes, slice.size);
    at += slice.size;
  }
  tensor.byte_size = static_cast<size_t>(at - tensor.bytes);
  tensor.shape[0] = static_cast<int64_t>(slices.size());
  return at;
}

// Where the copies of `sample` go, `bytes` of them.
char* Room(size_t bytes, Sample& sample) {
  if (sample.copied_rows.size() < bytes) sample.copied_rows.resize(bytes);
  sample.byte_size = bytes;
  return sample.copied_rows.data();
}

bool CopyFewRows(int64_t request_rows, Sample& sample) {
  const size_t kept = sample.rows.size();
  // A quarter of the bytes is rarely less than a quarter of the rows: spares the walk where most are kept.
  if (kept * 2 > static_cast<size_t>(request_rows)) return false;
  Slices slices;
  for (const TensorList* list : {&sample.inputs, &sample.outputs}) {
    for (const TensorView& tensor : *list) {
      if (!tensor.absent() && !SliceTensor(tensor, request_rows, sample.rows, slices)) return false;
    }
  }
  size_t bytes = 0;
  for (const Slice& slice : slices) bytes += slice.size;
  if (bytes * 4 >= sample.byte_size) return false;

  char* at = Room(bytes, sample);
  const Slice* next = slices.data();
  for (TensorList* list : {&sample.inputs, &sample.outputs}) {
    for (TensorView& tensor : *list) {
      if (tensor.absent()) continue;
      at = CopySlices({next, kept}, at, tensor);
      next += kept;
    }
  }
  for (uint32_t i = 0; i < kept; ++i) sample.rows[i].position = i;
  return true;
}

bool CopySmallTensors(Sample& sample) {
  size_t bytes = 0;
  for (const TensorList* list : {&sample.inputs, &sample.outputs}) {
    for (const TensorView& tensor : *list) bytes += tensor.byte_size;
  }
  if (bytes > kSmallSampleBytes) return false;
  char* at = Room(bytes, sample);
  for (TensorList* list : {&sample.inputs, &sample.outputs}) {
    for (TensorView& tensor : *list) {
      if (tensor.byte_size == 0) continue;
      std::memcpy(at, tensor.bytes, tensor.byte_size);
      tensor.bytes = at;
      at += tensor.byte_size;
    }
  }
  return true;
}

}  // namespace

bool CopyKeptRows(int64_t request_rows, Sample& sample) {
  if (sample.rows.empty()) return false;
  return CopyFewRows(request_rows, sample) || CopySmallTensors(sample);
}

}  // namespace driftserve
