#include "drift/table/list_column.h"

#include <limits>

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <arrow/util/float16.h>
#include <arrow/visit_array_inline.h>

#include "drift/profile/text.h"

namespace drift {
namespace {

/// The type that an extension type (a tensor of fixed shape) is stored as, or the type itself.
const arrow::DataType& Stored(const arrow::DataType& type) {
  if (type.id() != arrow::Type::EXTENSION) return type;
  return *static_cast<const arrow::ExtensionType&>(type).storage_type();
}

/// The type of the elements, below all lists.
const arrow::DataType& ElementType(const arrow::DataType& type) {
  const arrow::DataType& stored = Stored(type);
  return ListColumn::IsList(stored) ? ElementType(*static_cast<const arrow::BaseListType&>(stored).value_type())
                                    : stored;
}

bool IsText(const arrow::DataType& type) { return arrow::is_base_binary_like(type.id()); }

bool IsNumber(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) || type.id() == arrow::Type::BOOL ||
         type.id() == arrow::Type::NA;
}

/// Appends the elements of places [begin, end) of each array it visits, lists by their own elements.
class Flattener {
 public:
  Flattener(int64_t begin, int64_t end, std::vector<double>& elements)
      : begin_(begin), end_(end), elements_(elements) {}

  template <typename Type>
  arrow::Status Visit(const arrow::BaseListArray<Type>& array) {
    return Lists(array, [&array](int64_t i) { return array.value_offset(i); });
  }
  arrow::Status Visit(const arrow::FixedSizeListArray& array) {
    return Lists(array, [&array](int64_t i) { return array.value_offset(i); });
  }
  arrow::Status Visit(const arrow::ExtensionArray& array) { return arrow::VisitArrayInline(*array.storage(), this); }
  arrow::Status Visit(const arrow::BooleanArray& array) {
    return Elements(array, [&array](int64_t i) { return array.Value(i) ? 1.0 : 0.0; });
  }
  arrow::Status Visit(const arrow::HalfFloatArray& array) {
    return Elements(array, [&array](int64_t i) { return arrow::util::Float16::FromBits(array.Value(i)).ToDouble(); });
  }
  template <typename Type>
  std::enable_if_t<arrow::is_number_type<Type>::value, arrow::Status> Visit(const arrow::NumericArray<Type>& array) {
    return Elements(array, [values = array.raw_values()](int64_t i) { return static_cast<double>(values[i]); });
  }
  template <typename Type>
  arrow::Status Visit(const arrow::BaseBinaryArray<Type>& array) {
    return Elements(array, [&array](int64_t i) { return static_cast<double>(array.value_length(i)); });
  }
  arrow::Status Visit(const arrow::Array& array) { return Elements(array, [](int64_t) { return 0.0; }); }

 private:
  template <typename Array, typename Offset>
  arrow::Status Lists(const Array& array, const Offset& offset) {
    for (int64_t i = begin_; i < end_; ++i) {
      if (array.IsNull(i)) continue;
      Flattener inner(offset(i), offset(i) + array.value_length(i), elements_);
      ARROW_RETURN_NOT_OK(arrow::VisitArrayInline(*array.values(), &inner));
    }
    return arrow::Status::OK();
  }

  template <typename Array, typename Get>
  arrow::Status Elements(const Array& array, const Get& get) {
    const bool nulls = array.null_count() > 0;
    for (int64_t i = begin_; i < end_; ++i) {
      elements_.push_back(nulls && array.IsNull(i) ? std::numeric_limits<double>::quiet_NaN() : get(i));
    }
    return arrow::Status::OK();
  }

  const int64_t begin_, end_;
  std::vector<double>& elements_;
};

}  // namespace

bool ListColumn::IsList(const arrow::DataType& type) {
  switch (Stored(type).id()) {
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
      return true;
    default:
      return false;
  }
}

absl::StatusOr<ListColumn> ListColumn::Make(std::shared_ptr<arrow::Array> array, bool texts) {
  const arrow::DataType& type = *array->type();
  const arrow::DataType& element = ElementType(type);
  const bool expected = texts ? IsText(element) : IsNumber(element) && IsList(type);
  if (expected || array->null_count() == array->length()) return ListColumn(std::move(array));
  const char* wanted = texts ? "texts or lists of texts" : "lists of numbers";
  return absl::InvalidArgumentError(Concat("expected ", wanted, ", got values of type ", type.ToString()));
}

bool ListColumn::Read(size_t row, std::vector<double>& elements) const {
  elements.clear();
  const auto place = static_cast<int64_t>(row);
  if (array_->IsNull(place)) return false;
  Flattener flattener(place, place + 1, elements);
  return arrow::VisitArrayInline(*array_, &flattener).ok();
}

}  // namespace drift
