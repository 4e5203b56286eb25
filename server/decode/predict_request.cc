#include "server/decode/predict_request.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/text.h"
#include "server/decode/bytes_tensor.h"
#include "server/decode/tensor_check.h"

namespace driftserve {
namespace {

using v1::Column;
using v1::PredictRequest;

int64_t RowsOf(const Column& column) {
  switch (column.kind_case()) {
    case Column::kDoubles:
      return column.doubles().values_size();
    case Column::kInt64S:
      return column.int64s().values_size();
    case Column::kStrings:
      return column.strings().values_size();
    case Column::kBools:
      return column.bools().values_size();
    case Column::KIND_NOT_SET:
      return 0;
  }
  return 0;
}

const char* KindName(const Column& column) {
  switch (column.kind_case()) {
    case Column::kDoubles:
      return "doubles";
    case Column::kInt64S:
      return "int64s";
    case Column::kStrings:
      return "strings";
    case Column::kBools:
      return "bools";
    case Column::KIND_NOT_SET:
      return "nothing";
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
  switch (column.kind_case()) {
    case Column::kDoubles:
      return fill(column.doubles().values());
    case Column::kInt64S:
      return fill(column.int64s().values());
    case Column::kBools: {
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
    if (columns[i]->kind_case() != Column::kStrings) {
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

absl::StatusOr<const Column*> FindColumn(const PredictRequest& request, const std::string& name) {
  const auto found = request.columns().find(name);
  if (found == request.columns().end()) {
    return absl::InvalidArgumentError(
        Concat("column '", name, "' is missing; a value that is not known is sent as a null"));
  }
  return &found->second;
}

/// True where input number `tensor` is optional and the request has none of its columns.
bool LeftOut(const PredictRequest& request, const Model& model, int tensor) {
  return model.settings.inputs[tensor].optional &&
         std::none_of(model.columns.begin(), model.columns.end(), [&](const ColumnBinding& binding) {
           return binding.tensor == tensor && request.columns().contains(binding.name);
         });
}

absl::Status CheckColumns(const PredictRequest& request, const Model& model, int64_t& rows) {
  if (model.columns.empty()) {
    return absl::FailedPreconditionError(
        Concat("model '", model.settings.name,
               "' has no monitor.yaml that names its feature columns; call ModelInfer, or add one"));
  }
  rows = 0;
  int found = 0;
  const std::string* first = nullptr;
  for (const ColumnBinding& binding : model.columns) {
    const absl::StatusOr<const Column*> column = FindColumn(request, binding.name);
    if (!column.ok()) {
      if (LeftOut(request, model, binding.tensor)) continue;
      return column.status();
    }
    if (++found == 1) {
      rows = RowsOf(**column);
      first = &binding.name;
    }
    if (RowsOf(**column) != rows) {
      return absl::InvalidArgumentError(Concat("column '", binding.name, "': expected ", rows, " rows as in column '",
                                               *first, "', got ", RowsOf(**column)));
    }
  }
  if (request.columns_size() != found) {
    for (const auto& [name, unused] : request.columns()) {
      const auto known = [&](const ColumnBinding& binding) { return binding.name == name; };
      if (std::none_of(model.columns.begin(), model.columns.end(), known)) {
        return absl::InvalidArgumentError(
            Concat("column '", name, "': model '", model.settings.name, "' has ", ColumnNames(model)));
      }
    }
  }
  const int most = std::max(1, model.settings.max_batch_size);
  if (rows < 1 || rows > most) {
    return absl::InvalidArgumentError(
        Concat("columns: expected 1 to ", most, " rows (max_batch_size of config.pbtxt), got ", rows));
  }
  return absl::OkStatus();
}

absl::Status BuildTensor(const PredictRequest& request, const Model& model, int index, int64_t rows,
                         DecodedRequest& decoded) {
  if (LeftOut(request, model, index)) return absl::OkStatus();
  const TensorSpec& spec = model.settings.inputs[index];
  std::vector<const ColumnBinding*> bindings;  // by column
  for (const ColumnBinding& binding : model.columns) {
    if (binding.tensor != index) continue;
    if (binding.column >= static_cast<int64_t>(bindings.size())) bindings.resize(binding.column + 1);
    bindings[binding.column] = &binding;
  }
  TensorView& tensor = decoded.inputs[index];
  tensor.type = spec.type;
  tensor.shape.assign(spec.dims.begin(), spec.dims.end());
  for (int64_t& dimension : tensor.shape) {
    if (dimension < 0) dimension = static_cast<int64_t>(bindings.size());
  }
  if (model.settings.max_batch_size > 0) tensor.shape.insert(tensor.shape.begin(), rows);
  const absl::StatusOr<int64_t> elements = ElementCount(spec.name, tensor.shape);
  if (!elements.ok()) return elements.status();
  const bool covered =
      std::none_of(bindings.begin(), bindings.end(), [](const auto* binding) { return binding == nullptr; });
  if (!covered || *elements != rows * static_cast<int64_t>(bindings.size())) {
    return absl::FailedPreconditionError(Concat("input '", spec.name, "' has ", *elements / rows,
                                                " values a row, and monitor.yaml names ", bindings.size(),
                                                " of them; name each, or call ModelInfer"));
  }
  std::string& bytes = decoded.scratch.emplace_back();
  if (spec.type == DataType::kBytes) {
    std::vector<const Column*> columns;
    std::vector<std::string_view> names;
    for (const ColumnBinding* binding : bindings) {
      columns.push_back(&request.columns().at(binding->name));
      names.push_back(binding->name);
    }
    if (absl::Status status = FillBytes(columns, names, rows, bytes); !status.ok()) return status;
  } else {
    bytes.resize(*elements * ElementSize(spec.type));
    for (const ColumnBinding* binding : bindings) {
      const Target target{bytes.data(), binding->column, static_cast<int64_t>(bindings.size()), spec.type};
      if (absl::Status status = FillFixed(binding->name, request.columns().at(binding->name), target); !status.ok())
        return status;
    }
  }
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
  int64_t rows = 0;
  if (absl::Status status = CheckColumns(request, model, rows); !status.ok()) return status;
  decoded.rows = rows;
  decoded.inputs.resize(model.settings.inputs.size());
  for (size_t i = 0; i < model.settings.inputs.size(); ++i) {
    if (absl::Status status = BuildTensor(request, model, static_cast<int>(i), rows, decoded); !status.ok())
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
