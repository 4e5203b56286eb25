#include "server/decode/predict_request.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "server/base/text.h"
#include "server/decode/bytes_tensor.h"
#include "server/decode/tensor_check.h"

namespace driftserve {
namespace {

using wire::Column;
using wire::PredictRequest;

/// A request's columns in the order of the model's; null where it has none of that name.
using Columns = absl::InlinedVector<const Column*, 32>;

enum class Kind { kNone, kDoubles, kInt64s, kStrings, kBools, kSeveral };

Kind KindOf(const Column& column) {
  Kind kind = Kind::kNone;
  const auto add = [&kind](bool given, Kind one) {
    if (given) kind = kind == Kind::kNone ? one : Kind::kSeveral;
  };
  add(column.has_doubles(), Kind::kDoubles);
  add(column.has_int64s(), Kind::kInt64s);
  add(column.has_strings(), Kind::kStrings);
  add(column.has_bools(), Kind::kBools);
  return kind;
}

int64_t RowsOf(const Column& column) {
  switch (KindOf(column)) {
    case Kind::kDoubles:
      return column.doubles().values_size();
    case Kind::kInt64s:
      return column.int64s().values_size();
    case Kind::kStrings:
      return column.strings().values_size();
    case Kind::kBools:
      return column.bools().values_size();
    case Kind::kNone:
    case Kind::kSeveral:
      return 0;
  }
  return 0;
}

const char* KindName(const Column& column) {
  switch (KindOf(column)) {
    case Kind::kDoubles:
      return "doubles";
    case Kind::kInt64s:
      return "int64s";
    case Kind::kStrings:
      return "strings";
    case Kind::kBools:
      return "bools";
    case Kind::kNone:
      return "nothing";
    case Kind::kSeveral:
      return "several kinds";
  }
  return "nothing";
}

absl::Status WrongKind(const std::string& name, const Column& column, DataType type, const char* expected) {
  return absl::InvalidArgumentError(
      Concat("column '", name, "': expected ", expected, " for ", Name(type), ", got ", KindName(column)));
}

/// Stores `value` as T, or says why T cannot hold it.
template <typename T, typename V>
absl::Status Store(const std::string& name, int64_t row, V value, char* place, DataType type) {
  T stored;
  if constexpr (std::is_floating_point_v<T>) {
    stored = static_cast<T>(value);
  } else {
    const bool fits = [&] {
      if constexpr (std::is_floating_point_v<V>) {
        return value == std::trunc(value) && value >= static_cast<V>(std::numeric_limits<T>::min()) &&
               value < std::ldexp(V{1}, std::numeric_limits<T>::digits);
      } else {
        return std::in_range<T>(static_cast<int64_t>(value));
      }
    }();
    if (!fits) {
      return absl::InvalidArgumentError(
          Concat("column '", name, "': row ", row, " is ", value, ", which ", Name(type), " cannot hold"));
    }
    stored = static_cast<T>(value);
  }
  std::memcpy(place, &stored, sizeof(T));
  return absl::OkStatus();
}

/// Where a column's values go: element `offset` of rows that are `stride` elements long.
struct Target {
  char* bytes;
  int64_t offset;
  int64_t stride;
  DataType type;
};

template <typename T>
absl::Status FillNumbers(const std::string& name, const Column& column, const Target& target) {
  const int64_t rows = RowsOf(column);
  const auto place = [&](int64_t row) { return target.bytes + (row * target.stride + target.offset) * sizeof(T); };
  const auto fill = [&](const auto& values) {
    for (int64_t row = 0; row < rows; ++row) {
      if (absl::Status status = Store<T>(name, row, values[row], place(row), target.type); !status.ok()) return status;
    }
    return absl::OkStatus();
  };
  switch (KindOf(column)) {
    case Kind::kDoubles:
      return fill(column.doubles().values());
    case Kind::kInt64s:
      return fill(column.int64s().values());
    case Kind::kBools: {
      for (int64_t row = 0; row < rows; ++row) {
        const T value = column.bools().values(row) ? T{1} : T{0};
        std::memcpy(place(row), &value, sizeof(T));
      }
      return absl::OkStatus();
    }
    default:
      return WrongKind(name, column, target.type, "doubles, int64s or bools");
  }
}

template <typename T>
absl::Status FillNulls(const std::string& name, const Column& column, const Target& target) {
  for (const uint32_t row : column.nulls()) {
    if (row >= RowsOf(column)) {
      return absl::InvalidArgumentError(
          Concat("column '", name, "': null row ", row, " is beyond its ", RowsOf(column), " rows"));
    }
    if constexpr (std::is_floating_point_v<T>) {
      const T missing = std::numeric_limits<T>::quiet_NaN();
      std::memcpy(target.bytes + (row * target.stride + target.offset) * sizeof(T), &missing, sizeof(T));
    } else {
      return absl::InvalidArgumentError(
          Concat("column '", name, "': row ", row, " is null, and ", Name(target.type), " has no missing value"));
    }
  }
  return absl::OkStatus();
}

template <typename T>
absl::Status Fill(const std::string& name, const Column& column, const Target& target) {
  // Nulls are checked first where the type has none: their placeholder values must not be what is complained of.
  if constexpr (std::is_floating_point_v<T>) {
    if (absl::Status status = FillNumbers<T>(name, column, target); !status.ok()) return status;
    return FillNulls<T>(name, column, target);
  } else {
    if (absl::Status status = FillNulls<T>(name, column, target); !status.ok()) return status;
    return FillNumbers<T>(name, column, target);
  }
}

absl::Status FillFixed(const std::string& name, const Column& column, const Target& target) {
  switch (target.type) {
    case DataType::kBool:
    case DataType::kUint8:
      return Fill<uint8_t>(name, column, target);
    case DataType::kInt8:
      return Fill<int8_t>(name, column, target);
    case DataType::kInt16:
      return Fill<int16_t>(name, column, target);
    case DataType::kUint16:
      return Fill<uint16_t>(name, column, target);
    case DataType::kInt32:
      return Fill<int32_t>(name, column, target);
    case DataType::kUint32:
      return Fill<uint32_t>(name, column, target);
    case DataType::kInt64:
      return Fill<int64_t>(name, column, target);
    case DataType::kFp32:
      return Fill<float>(name, column, target);
    case DataType::kFp64:
      return Fill<double>(name, column, target);
    default:
      return absl::UnimplementedError(
          Concat("column '", name, "': inputs of ", Name(target.type), " cannot be given as columns; call ModelInfer"));
  }
}

/// Rows of BYTES are interleaved element by element, so that a tensor of several columns is written row by row.
absl::Status FillBytes(const std::vector<const Column*>& columns, const std::vector<std::string_view>& names,
                       int64_t rows, std::string& bytes) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (KindOf(*columns[i]) != Kind::kStrings) {
      return WrongKind(std::string(names[i]), *columns[i], DataType::kBytes, "strings");
    }
  }
  std::vector<std::vector<bool>> nulls(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i]->nulls().empty()) continue;
    nulls[i].resize(rows);
    for (const uint32_t row : columns[i]->nulls()) {
      if (row >= rows) {
        return absl::InvalidArgumentError(
            Concat("column '", names[i], "': null row ", row, " is beyond its ", rows, " rows"));
      }
      nulls[i][row] = true;
    }
  }
  for (int64_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < columns.size(); ++i) {
      const bool null = !nulls[i].empty() && nulls[i][row];
      AppendBytesElement(null ? std::string_view() : columns[i]->strings().values(row), bytes);
    }
  }
  return absl::OkStatus();
}

std::string ColumnNames(const Model& model) {
  return absl::StrJoin(model.columns, ", ", [](std::string* out, const ColumnBinding& binding) {
    absl::StrAppend(out, "'", binding.name, "'");
  });
}

/// Index of the model's column `name`; `likely` is tried first. −1 where there is none.
int IndexOf(const Model& model, const std::string& name, size_t likely) {
  if (likely < model.columns.size() && model.columns[likely].name == name) return static_cast<int>(likely);
  for (size_t i = 0; i < model.columns.size(); ++i) {
    if (model.columns[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

/// `order` says at which place each column came last time: a client's requests have them in one order.
absl::Status BindColumns(const PredictRequest& request, const Model& model, std::vector<int>& order,
                         Columns& columns) {
  columns.assign(model.columns.size(), nullptr);
  for (int i = 0; i < request.columns_size(); ++i) {
    const auto place = static_cast<size_t>(i);
    const std::string& name = request.columns(i).key();
    const int index = IndexOf(model, name, place < order.size() ? static_cast<size_t>(order[place]) : place);
    if (index < 0) {
      return absl::InvalidArgumentError(
          Concat("column '", name, "': model '", model.settings.name, "' has ", ColumnNames(model)));
    }
    if (columns[index] != nullptr) {
      return absl::InvalidArgumentError(Concat("column '", name, "': expected once, got it twice"));
    }
    columns[index] = &request.columns(i).value();
    if (place >= order.size()) order.resize(place + 1);
    order[place] = index;
  }
  return absl::OkStatus();
}

/// True where input number `tensor` is optional and the request has none of its columns.
bool LeftOut(const Columns& columns, const Model& model, int tensor) {
  if (!model.settings.inputs[tensor].optional) return false;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (model.columns[i].tensor == tensor && columns[i] != nullptr) return false;
  }
  return true;
}

absl::Status CheckColumn(const std::string& name, const Column& column, int64_t rows, const std::string& first) {
  if (KindOf(column) == Kind::kSeveral) {
    return absl::InvalidArgumentError(Concat("column '", name, "': expected values of one kind, got several"));
  }
  if (RowsOf(column) != rows) {
    return absl::InvalidArgumentError(
        Concat("column '", name, "': expected ", rows, " rows as in column '", first, "', got ", RowsOf(column)));
  }
  if (column.nulls_size() > rows) {
    return absl::InvalidArgumentError(
        Concat("column '", name, "': expected at most ", rows, " nulls, one a row, got ", column.nulls_size()));
  }
  return absl::OkStatus();
}

absl::Status CheckColumns(const Columns& columns, const Model& model, int64_t& rows) {
  rows = 0;
  const std::string* first = nullptr;
  for (size_t i = 0; i < columns.size(); ++i) {
    const std::string& name = model.columns[i].name;
    if (columns[i] == nullptr) {
      if (LeftOut(columns, model, model.columns[i].tensor)) continue;
      return absl::InvalidArgumentError(
          Concat("column '", name, "' is missing; a value that is not known is sent as a null"));
    }
    if (first == nullptr) {
      rows = RowsOf(*columns[i]);
      first = &name;
    }
    if (absl::Status status = CheckColumn(name, *columns[i], rows, *first); !status.ok()) return status;
  }
  const int most = std::max(1, model.settings.max_batch_size);
  if (rows < 1 || rows > most) {
    return absl::InvalidArgumentError(
        Concat("columns: expected 1 to ", most, " rows (max_batch_size of config.pbtxt), got ", rows));
  }
  return absl::OkStatus();
}

/// The places of the columns of input number `tensor` among the model's columns, by their place in the tensor; −1 where
/// monitor.yaml names none.
absl::InlinedVector<int, 32> ColumnsOf(const Model& model, int tensor) {
  absl::InlinedVector<int, 32> places;
  for (size_t i = 0; i < model.columns.size(); ++i) {
    const ColumnBinding& binding = model.columns[i];
    if (binding.tensor != tensor) continue;
    if (binding.column >= static_cast<int64_t>(places.size())) places.resize(binding.column + 1, -1);
    places[binding.column] = static_cast<int>(i);
  }
  return places;
}

/// Type and shape of `tensor`, whose rows have `columns` values. Returns how many elements it has.
absl::StatusOr<int64_t> ShapeTensor(const TensorSpec& spec, bool batches, int64_t rows, int64_t columns,
                                    TensorView& tensor) {
  tensor.type = spec.type;
  tensor.shape.clear();
  if (batches) tensor.shape.push_back(rows);
  for (const int64_t dimension : spec.dims) tensor.shape.push_back(dimension < 0 ? columns : dimension);
  return ElementCount(spec.name, tensor.shape);
}

absl::Status FillTensor(const Columns& columns, const Model& model, absl::Span<const int> places, int64_t rows,
                        DataType type, std::string& bytes) {
  if (type == DataType::kBytes) {
    std::vector<const Column*> texts;
    std::vector<std::string_view> names;
    for (const int place : places) {
      texts.push_back(columns[place]);
      names.push_back(model.columns[place].name);
    }
    return FillBytes(texts, names, rows, bytes);
  }
  bytes.resize(rows * places.size() * ElementSize(type));
  for (size_t i = 0; i < places.size(); ++i) {
    const Target target{bytes.data(), static_cast<int64_t>(i), static_cast<int64_t>(places.size()), type};
    if (absl::Status status = FillFixed(model.columns[places[i]].name, *columns[places[i]], target); !status.ok())
      return status;
  }
  return absl::OkStatus();
}

absl::Status BuildTensor(const Columns& columns, const Model& model, int index, int64_t rows,
                         DecodedRequest& decoded) {
  if (LeftOut(columns, model, index)) return absl::OkStatus();
  const TensorSpec& spec = model.settings.inputs[index];
  const absl::InlinedVector<int, 32> places = ColumnsOf(model, index);
  const auto width = static_cast<int64_t>(places.size());
  TensorView& tensor = decoded.inputs[index];
  const absl::StatusOr<int64_t> elements =
      ShapeTensor(spec, model.settings.max_batch_size > 0, rows, width, tensor);
  if (!elements.ok()) return elements.status();
  if (*elements != rows * width || std::find(places.begin(), places.end(), -1) != places.end()) {
    return absl::FailedPreconditionError(Concat("input '", spec.name, "' has ", *elements / rows,
                                                " values a row, and monitor.yaml names ", width,
                                                " of them; name each, or call ModelInfer"));
  }
  std::string& bytes = decoded.scratch.emplace_back();
  if (absl::Status status = FillTensor(columns, model, places, rows, spec.type, bytes); !status.ok()) return status;
  tensor.bytes = bytes.data();
  tensor.byte_size = bytes.size();
  decoded.byte_size += bytes.size();
  return absl::OkStatus();
}

/// `value` stays as it is where the request does not have the parameter.
absl::Status ReadParameter(const PredictRequest& request, const char* name, std::string_view unit, int64_t& value) {
  const auto found = request.parameters().find(name);
  if (found == request.parameters().end()) return absl::OkStatus();
  if (found->second.kind_case() != v1::Parameter::kInt64Value || found->second.int64_value() < 0) {
    return absl::InvalidArgumentError(Concat("parameter '", name, "': expected int64_value", unit,
                                             ", at least 0, got ", found->second.ShortDebugString()));
  }
  value = found->second.int64_value();
  return absl::OkStatus();
}

absl::Status ReadParameters(const PredictRequest& request, DecodedRequest& decoded) {
  if (request.parameters().empty()) return absl::OkStatus();
  int64_t priority = 0;
  absl::Status status = ReadParameter(request, "timeout", ", microseconds", decoded.timeout_us);
  status.Update(ReadParameter(request, "priority", "", priority));
  decoded.priority = static_cast<uint64_t>(priority);
  return status;
}

}  // namespace

absl::Status DecodePredictRequest(const PredictRequest& request, const Model& model, DecodedRequest& decoded) {
  decoded.Clear();
  if (absl::Status status = ReadParameters(request, decoded); !status.ok()) return status;
  if (model.columns.empty()) {
    return absl::FailedPreconditionError(
        Concat("model '", model.settings.name,
               "' has no monitor.yaml that names its feature columns; call ModelInfer, or add one"));
  }
  Columns columns;
  if (absl::Status status = BindColumns(request, model, decoded.column_order, columns); !status.ok()) return status;
  if (absl::Status status = CheckColumns(columns, model, decoded.rows); !status.ok()) return status;
  decoded.inputs.resize(model.settings.inputs.size());
  for (size_t i = 0; i < model.settings.inputs.size(); ++i) {
    if (absl::Status status = BuildTensor(columns, model, static_cast<int>(i), decoded.rows, decoded); !status.ok())
      return status;
  }
  for (size_t i = 0; i < model.settings.outputs.size(); ++i) decoded.requested_outputs.push_back(static_cast<int>(i));
  return absl::OkStatus();
}

std::string ParameterText(const v1::Parameter& parameter) {
  switch (parameter.kind_case()) {
    case v1::Parameter::kBoolValue:
      return parameter.bool_value() ? "true" : "false";
    case v1::Parameter::kInt64Value:
      return Concat(parameter.int64_value());
    case v1::Parameter::kStringValue:
      return parameter.string_value();
    case v1::Parameter::kDoubleValue:
      return Concat(parameter.double_value());
    case v1::Parameter::KIND_NOT_SET:
      return "";
  }
  return "";
}

}  // namespace driftserve
