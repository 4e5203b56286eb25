#include "drift/table/column_values.h"

#include <charconv>

#include <arrow/array.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>
#include <arrow/visit_array_inline.h>

#include "absl/strings/escaping.h"
#include "drift/profile/text.h"
#include "drift/table/time_values.h"

namespace drift {
namespace {

template <typename T>
std::optional<T> Read(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string Shown(std::string_view text) {
  return Concat("'", absl::Utf8SafeCEscape(AbslView(text.substr(0, 40))), text.size() > 40 ? "…'" : "'");
}

/// Nanoseconds of a unit of this type; 0 where it is no point in time.
int64_t UnitOf(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DATE32) return int64_t{86'400} * 1'000'000'000;
  if (type.id() == arrow::Type::DATE64) return 1'000'000;
  if (type.id() != arrow::Type::TIMESTAMP) return 0;
  switch (static_cast<const arrow::TimestampType&>(type).unit()) {
    case arrow::TimeUnit::SECOND:
      return 1'000'000'000;
    case arrow::TimeUnit::MILLI:
      return 1'000'000;
    case arrow::TimeUnit::MICRO:
      return 1'000;
    case arrow::TimeUnit::NANO:
      return 1;
  }
  return 0;
}

std::optional<int64_t> TimeOf(const Value& value) {
  if (value.type() == Value::Type::kDouble) return TimeFromNumber(value.as_double());
  if (value.type() == Value::Type::kInt64) return TimeFromNumber(value.as_int64());
  if (value.type() == Value::Type::kUint64 && value.as_uint64() <= INT64_MAX) {
    return TimeFromNumber(static_cast<int64_t>(value.as_uint64()));
  }
  return std::nullopt;
}

/// One arrow::Visit… overload per family of types. `fault` is the first value that is not of the wanted type.
class Reader {
 public:
  Reader(ColumnType type, std::vector<Value>& values) : type_(type), values_(values) {}

  arrow::Status Visit(const arrow::NullArray& array) {
    values_.assign(array.length(), Value::Missing());
    return arrow::Status::OK();
  }
  arrow::Status Visit(const arrow::BooleanArray& array) {
    return Numbers(array, [&array](int64_t i) { return Value::Bool(array.Value(i)); });
  }
  arrow::Status Visit(const arrow::HalfFloatArray& array) {
    return Numbers(array, [&array](int64_t i) {
      return Value::Double(arrow::util::Float16::FromBits(array.Value(i)).ToDouble());
    });
  }
  template <typename Type>
  std::enable_if_t<arrow::has_c_type<Type>::value, arrow::Status> Visit(const arrow::NumericArray<Type>& array) {
    return Numbers(array, [&array](int64_t i) {
      if constexpr (arrow::is_floating_type<Type>::value) {
        return Value::Double(array.Value(i));
      } else if constexpr (arrow::is_unsigned_integer_type<Type>::value) {
        return Value::Uint64(array.Value(i));
      } else {
        return Value::Int64(array.Value(i));
      }
    });
  }
  arrow::Status Visit(const arrow::Decimal128Array& array) {
    const int scale = static_cast<const arrow::Decimal128Type&>(*array.type()).scale();
    return Numbers(array, [&array, scale](int64_t i) {
      return Value::Double(arrow::Decimal128(array.GetValue(i)).ToDouble(scale));
    });
  }
  template <typename Type>
  arrow::Status Visit(const arrow::BaseBinaryArray<Type>& array) {
    return Texts(array);
  }
  arrow::Status Visit(const arrow::FixedSizeBinaryArray& array) { return Texts(array); }
  arrow::Status Visit(const arrow::DictionaryArray& array) {
    std::vector<Value> entries;
    Reader reader(type_, entries);
    ARROW_RETURN_NOT_OK(arrow::VisitArrayInline(*array.dictionary(), &reader));
    values_.clear();
    for (int64_t i = 0; i < array.length(); ++i) {
      values_.push_back(array.IsNull(i) ? Value::Missing() : entries[array.GetValueIndex(i)]);
    }
    fault_ = std::move(reader.fault_);
    return arrow::Status::OK();
  }
  arrow::Status Visit(const arrow::Array& array) {
    fault_ = ValueFault{0, Concat("expected numbers or texts, got values of type ", array.type()->ToString())};
    return arrow::Status::OK();
  }

  std::optional<ValueFault> fault() && { return std::move(fault_); }

 private:
  template <typename Array, typename Get>
  arrow::Status Numbers(const Array& array, const Get& get) {
    if (type_ == ColumnType::kTime) return Times(array, get);
    if (type_ == ColumnType::kNumber && IsTime(*array.type())) {
      fault_ = ValueFault{0, Concat("expected numbers, got dates or times of type ", array.type()->ToString(),
                                    ": store them as numbers, or name the column as --time")};
      return arrow::Status::OK();
    }
    if (type_ == ColumnType::kText && array.null_count() < array.length()) {
      fault_ = ValueFault{0, Concat("expected texts, as the served tensor has, got numbers of type ",
                                    array.type()->ToString(), ": write them as texts in the file")};
      return arrow::Status::OK();
    }
    // Of the length of the batch before, most often: then nothing is filled twice.
    values_.resize(static_cast<size_t>(array.length()));
    Value* const values = values_.data();
    const bool nulls = array.null_count() > 0;
    for (int64_t i = 0; i < array.length(); ++i) values[i] = nulls && array.IsNull(i) ? Value::Missing() : get(i);
    return arrow::Status::OK();
  }

  template <typename Array, typename Get>
  arrow::Status Times(const Array& array, const Get& get) {
    const int64_t unit = UnitOf(*array.type());
    if (unit == 0 && IsTime(*array.type())) {
      fault_ = ValueFault{0, Concat("expected points in time, got values of type ", array.type()->ToString())};
      return arrow::Status::OK();
    }
    values_.clear();
    for (int64_t i = 0; i < array.length(); ++i) {
      if (array.IsNull(i)) {
        values_.push_back(Value::Missing());
        continue;
      }
      const Value value = get(i);
      const auto time = unit > 0 ? ScaledTime(value.as_int64(), unit) : TimeOf(value);
      if (!time) {
        fault_ = ValueFault{i, Concat("expected a time, got a value of type ", array.type()->ToString(),
                                      " that is none or beyond the years 1678 to 2262")};
        return arrow::Status::OK();
      }
      values_.push_back(Value::Int64(*time));
    }
    return arrow::Status::OK();
  }

  template <typename Array>
  arrow::Status Texts(const Array& array) {
    values_.clear();
    for (int64_t i = 0; i < array.length(); ++i) {
      if (array.IsNull(i)) {
        values_.push_back(Value::Missing());
        continue;
      }
      const std::string_view text = array.GetView(i);
      std::optional<Value> number = Value::Text(text);
      if (type_ == ColumnType::kNumber) number = NumberFromText(text);
      if (type_ == ColumnType::kTime) {
        const auto time = TimeFromText(text);
        number = time ? std::optional<Value>(Value::Int64(*time)) : std::nullopt;
      }
      if (!number) {
        const bool time = type_ == ColumnType::kTime;
        const char* wanted = time ? "a time, as 2013-01-05T06:00:00Z or Unix seconds" : "a number";
        fault_ = ValueFault{i, Concat("expected ", wanted, ", got ", Shown(text))};
        return arrow::Status::OK();
      }
      values_.push_back(*number);
    }
    return arrow::Status::OK();
  }

  const ColumnType type_;
  std::vector<Value>& values_;
  std::optional<ValueFault> fault_;
};

}  // namespace

std::optional<Value> NumberFromText(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(" \t") - first + 1);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  if (const auto number = Read<int64_t>(text)) return Value::Int64(*number);
  if (const auto number = Read<uint64_t>(text)) return Value::Uint64(*number);
  if (const auto number = Read<double>(text)) return Value::Double(*number);
  if (text == "true" || text == "True" || text == "TRUE") return Value::Bool(true);
  if (text == "false" || text == "False" || text == "FALSE") return Value::Bool(false);
  return std::nullopt;
}

std::optional<ValueFault> ReadValues(const arrow::Array& array, ColumnType type, std::vector<Value>& values) {
  values.reserve(static_cast<size_t>(array.length()));
  Reader reader(type, values);
  const arrow::Status status = arrow::VisitArrayInline(array, &reader);
  if (!status.ok()) return ValueFault{0, status.message()};
  return std::move(reader).fault();
}

bool AllNumbers(const arrow::Array& array) {
  if (array.type_id() != arrow::Type::BINARY) return false;
  const auto& texts = static_cast<const arrow::BinaryArray&>(array);
  for (int64_t i = 0; i < texts.length(); ++i) {
    if (!texts.IsNull(i) && !NumberFromText(texts.GetView(i))) return false;
  }
  return true;
}

std::optional<Dtype> StoredType(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return Dtype::kBool;
    case arrow::Type::UINT8:
      return Dtype::kUint8;
    case arrow::Type::UINT16:
      return Dtype::kUint16;
    case arrow::Type::UINT32:
      return Dtype::kUint32;
    case arrow::Type::UINT64:
      return Dtype::kUint64;
    case arrow::Type::INT8:
      return Dtype::kInt8;
    case arrow::Type::INT16:
      return Dtype::kInt16;
    case arrow::Type::INT32:
      return Dtype::kInt32;
    case arrow::Type::INT64:
      return Dtype::kInt64;
    case arrow::Type::HALF_FLOAT:
      return Dtype::kFloat16;
    case arrow::Type::FLOAT:
      return Dtype::kFloat32;
    case arrow::Type::DOUBLE:
    case arrow::Type::DECIMAL128:
      return Dtype::kFloat64;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::FIXED_SIZE_BINARY:
      return Dtype::kText;
    case arrow::Type::DICTIONARY:
      return StoredType(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DURATION:
      return Dtype::kInt64;
    default:
      return std::nullopt;
  }
}

bool IsTime(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DURATION:
      return true;
    default:
      return false;
  }
}

}  // namespace drift
