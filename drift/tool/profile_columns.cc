#include "drift/tool/profile_columns.h"

#include "drift/profile/text.h"

namespace drift {
namespace {

std::string NamesOf(const std::map<std::string, TensorType>& tensors) {
  std::vector<std::string> names;
  for (const auto& [name, type] : tensors) names.push_back(name);
  return JoinNames(names);
}

/// What is wrong with the feature against the model's tensors; sets the dtype where nothing is.
std::string MatchTensor(const FeatureSpec& spec, Role role, const ModelTensors& model, ProfileColumn& column) {
  const auto& tensors = role == Role::kFeature ? model.inputs : model.outputs;
  const char* what = role == Role::kFeature ? "input" : "output";
  const auto found = tensors.find(spec.tensor);
  if (found == tensors.end()) {
    return Concat(what, " '", spec.tensor, "' is not one of the model's: expected one of ", NamesOf(tensors));
  }
  const TensorType& type = found->second;
  column.source.tensor = type;
  if (spec.reduced()) {
    return WhyNotReducible(spec.reduce, type.dtype, type.elements, Concat(what, " '", spec.tensor, "'"));
  }
  if (type.elements >= 0 && spec.column >= type.elements) {
    return Concat("column ", spec.column, ": expected below ", type.elements, ", the width of ", what, " '",
                  spec.tensor, "'");
  }
  if (type.dtype == Dtype::kText && spec.kind == Kind::kNumeric) {
    return Concat("type: expected categorical, as ", what, " '", spec.tensor, "' has texts, got numeric");
  }
  column.dtype = type.dtype;
  return "";
}

ColumnType TypeToRead(const ProfileColumn& column) {
  if (column.dtype) return *column.dtype == Dtype::kText ? ColumnType::kText : ColumnType::kNumber;
  return column.kind == Kind::kNumeric ? ColumnType::kNumber : ColumnType::kAsStored;
}

ProfileColumn LabelColumn(const LabelSettings& labels) {
  ProfileColumn column;
  column.name = labels.name;
  column.role = Role::kLabel;
  column.kind = labels.kind;
  column.source.request = {labels.name, TypeToRead(column)};
  return column;
}

/// From the first value that is there; numbers without a stored type count as double.
Dtype TypeOfValues(const std::vector<Value>& values) {
  for (const Value& value : values) {
    if (value.type() == Value::Type::kText) return Dtype::kText;
    if (value.type() == Value::Type::kBool) return Dtype::kBool;
    if (!value.missing()) return Dtype::kFloat64;
  }
  return Dtype::kFloat64;
}

}  // namespace

absl::StatusOr<std::vector<ProfileColumn>> PlanColumns(const MonitorSettings& monitor,
                                                       const std::optional<ModelTensors>& tensors) {
  std::vector<ProfileColumn> columns;
  std::string faults;
  const auto add = [&](const FeatureSpec& spec, Role role) {
    ProfileColumn column;
    column.name = spec.name;
    column.role = role;
    column.kind = spec.kind;
    const std::string fault = tensors ? MatchTensor(spec, role, *tensors, column) : "";
    if (!fault.empty()) faults += Concat(Name(role), " '", spec.name, "': ", fault, "\n");
    if (!spec.reduced()) {
      column.source.request = {spec.name, TypeToRead(column)};
    } else {
      column.source = ReducedColumn(spec, column.source.tensor);
      column.dtype = DtypeOf(spec.reduce);
      column.reduction = spec.reduction();
    }
    columns.push_back(std::move(column));
  };
  for (const FeatureSpec& spec : monitor.features) add(spec, Role::kFeature);
  for (const FeatureSpec& spec : monitor.predictions) add(spec, Role::kPrediction);
  if (monitor.labels) columns.push_back(LabelColumn(*monitor.labels));
  if (faults.empty()) return columns;
  faults.pop_back();
  return absl::InvalidArgumentError(faults);
}

std::vector<ColumnSpec> DecideTypes(const std::vector<ProfileColumn>& columns, const TableReader& reader,
                                    const TableBatch& first, std::vector<std::string>& warnings) {
  std::vector<ColumnSpec> specs;
  std::vector<std::string> guessed;
  for (size_t i = 0; i < columns.size(); ++i) {
    ColumnSpec spec{columns[i].name, columns[i].role, Dtype::kFloat64, columns[i].kind, columns[i].reduction};
    if (columns[i].dtype) {
      spec.dtype = *columns[i].dtype;
    } else {
      const auto stored = reader.stored_type(i);
      const bool number = columns[i].source.request.type == ColumnType::kNumber;
      const bool readable = stored && !(*stored == Dtype::kText && number);
      spec.dtype = readable ? *stored : TypeOfValues(first.columns[i]);
      if (spec.role == Role::kLabel) {
        // Labels are no tensor: they are reported as a double or a text.
        spec.dtype = spec.dtype == Dtype::kText ? Dtype::kText : Dtype::kFloat64;
      } else {
        guessed.push_back(Concat(columns[i].name, " ", Name(spec.dtype)));
      }
    }
    specs.push_back(std::move(spec));
  }
  if (!guessed.empty()) {
    warnings.push_back(
        Concat("no config.pbtxt says how the model is served, so types are the file's own: ", JoinNames(guessed),
               ". The server refuses a profile of other types than its tensors: give --model-config"));
  }
  return specs;
}

}  // namespace drift
