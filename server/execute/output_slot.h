#pragma once

#include <string>

#include <ATen/core/ivalue.h>

#include "absl/status/status.h"
#include "server/execute/executor.h"
#include "server/execute/torch_types.h"

namespace driftserve {

/// One output of a graph: checks what the model returned against the configuration and keeps its bytes until the
/// next run. Used by its graph's thread only. Every fault is INTERNAL and names the output, what was expected and
/// what came.
class OutputSlot {
 public:
  OutputSlot(const TensorSpec& spec, bool batches, std::string model)
      : spec_(spec), batches_(batches), model_(std::move(model)), scalar_type_(ToScalarType(spec.type)) {}

  const std::string& name() const { return spec_.name; }

  absl::Status Fault(std::string_view expected, std::string_view got) const {
    return absl::InternalError(
        Concat(model_, ", output `", spec_.name, "`: config.pbtxt says ", expected, ", the model returned ", got));
  }

  /// Fills `view` from `value`, over `rows` rows. It is absent where the value is None, which only a result of type
  /// Optional[…] can be.
  absl::Status Take(const c10::IValue& value, int64_t rows, TensorView& view) {
    if (value.isNone()) return TakeNone(view);
    view.type = spec_.type;
    if (spec_.type == DataType::kBytes) return TakeTexts(value, rows, view);
    if (absl::Status status = Check(value, rows, view); !status.ok()) return status;
    if (!tensor_.device().is_cpu()) tensor_ = tensor_.cpu();
    if (!tensor_.is_contiguous()) tensor_ = tensor_.contiguous();
    view.bytes = static_cast<const char*>(tensor_.const_data_ptr());
    view.byte_size = tensor_.nbytes();
    return absl::OkStatus();
  }

  /// As Take, for numbers that stay where they are: `tensor`, without gaps, and a view without bytes.
  absl::Status TakeInPlace(const c10::IValue& value, int64_t rows, TensorView& view, at::Tensor& tensor) {
    if (value.isNone()) return TakeNone(view);
    view.type = spec_.type;
    if (absl::Status status = Check(value, rows, view); !status.ok()) return status;
    tensor = std::move(tensor_).contiguous();
    view.bytes = nullptr;
    view.byte_size = tensor.nbytes();
    return absl::OkStatus();
  }

 private:
  static absl::Status TakeNone(TensorView& view) {
    view.type = DataType::kInvalid;
    view.shape.clear();
    view.byte_size = 0;
    return absl::OkStatus();
  }

  // Leaves the tensor in tensor_ and its shape in the view.
  absl::Status Check(const c10::IValue& value, int64_t rows, TensorView& view) {
    if (!value.isTensor()) return Fault("a tensor", value.tagKind());
    tensor_ = value.toTensor();
    if (tensor_.scalar_type() != *scalar_type_) return Fault(Name(spec_.type), c10::toString(tensor_.scalar_type()));
    view.shape.assign(tensor_.sizes().begin(), tensor_.sizes().end());
    // A score per row may come without the dimension of its single column.
    if (spec_.dims.size() == 1 && spec_.dims[0] == 1 && view.shape.size() == (batches_ ? 1 : 0))
      view.shape.push_back(1);
    if (!Fits(view.shape, rows)) return Fault(ExpectedShape(rows), Concat("[", Join(view.shape, ","), "]"));
    return absl::OkStatus();
  }

  absl::Status TakeTexts(const c10::IValue& value, int64_t rows, TensorView& view) {
    if (!value.isList()) return Fault("List[str]", value.tagKind());
    const c10::ArrayRef<c10::IValue> texts = value.toListRef();
    texts_.clear();
    for (const c10::IValue& element : texts) {
      if (!element.isString()) return Fault("List[str]", Concat("a list of ", element.tagKind()));
      const c10::string_view text = element.toStringView();
      const uint32_t length = static_cast<uint32_t>(text.size());
      texts_.append(reinterpret_cast<const char*>(&length), sizeof(length)).append(text);
    }
    view.shape = TextShape(static_cast<int64_t>(texts.size()), rows);
    if (!Fits(view.shape, rows)) return Fault(ExpectedShape(rows), Concat(texts.size(), " texts"));
    view.bytes = texts_.data();
    view.byte_size = texts_.size();
    return absl::OkStatus();
  }

  // The configured shape, its one free dimension filled so that `count` texts have room.
  Shape TextShape(int64_t count, int64_t rows) const {
    Shape shape;
    if (batches_) shape.push_back(rows);
    shape.insert(shape.end(), spec_.dims.begin(), spec_.dims.end());
    int64_t known = 1, free = -1;
    for (size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] < 0) {
        free = static_cast<int64_t>(i);
      } else {
        known *= shape[i];
      }
    }
    if (free >= 0) shape[free] = known == 0 ? 0 : count / known;
    const int64_t room = free >= 0 ? known * shape[free] : known;
    return room == count ? shape : Shape{count};
  }

  bool Fits(const Shape& shape, int64_t rows) const {
    const size_t leading = batches_ ? 1 : 0;
    if (shape.size() != spec_.dims.size() + leading) return false;
    if (batches_ && shape[0] != rows) return false;
    for (size_t i = 0; i < spec_.dims.size(); ++i) {
      if (spec_.dims[i] >= 0 && shape[leading + i] != spec_.dims[i]) return false;
    }
    return true;
  }

  std::string ExpectedShape(int64_t rows) const {
    const std::string dims = Join(spec_.dims, ",");
    return batches_ ? Concat("[", rows, dims.empty() ? "" : ",", dims, "]") : Concat("[", dims, "]");
  }

  const TensorSpec spec_;
  const bool batches_;
  const std::string model_;
  const std::optional<c10::ScalarType> scalar_type_;
  at::Tensor tensor_;
  std::string texts_;
};

}  // namespace driftserve
