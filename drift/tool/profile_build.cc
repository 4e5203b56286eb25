#include "drift/tool/profile_build.h"

#include <algorithm>
#include <memory>
#include <set>

#include "drift/batch/current_samples.h"
#include "drift/profile/text.h"
#include "drift/table/stratum_text.h"
#include "drift/tool/profile_columns.h"

namespace drift {
namespace {

constexpr size_t kMostStrata = 63;
constexpr int kCellsOfManyValues = 10'000;

/// The name under which the server counts a row: the text of its stratum feature where a rate is listed for it. Or,
/// where a column of strata is given, its text: the first kMostStrata of them, rows of further ones are in no stratum.
class StratumNames {
 public:
  StratumNames(const MonitorSettings& monitor, const std::vector<ColumnSpec>& specs, bool own_column)
      : rates_(monitor.sampling.rates), own_column_(own_column) {
    if (own_column || monitor.sampling.stratum_from != StratumFrom::kFeature) return;
    for (size_t i = 0; i < specs.size(); ++i) {
      if (specs[i].name != monitor.sampling.stratum_name) continue;
      column_ = i;
      dtype_ = specs[i].dtype;
    }
  }

  bool own_column() const { return own_column_; }
  bool any() const { return own_column_ || column_; }

  /// `values`: [feature][row]; `own`: the value of the column of strata, where there is one.
  std::string Of(const std::vector<std::vector<Value>>& values, size_t row, const Value& own) {
    if (own_column_) {
      std::string name = own.type() == Value::Type::kText ? std::string(own.as_text()) : StratumText(own);
      if (names_.size() < kMostStrata) names_.insert(name);
      return names_.contains(name) ? name : "";
    }
    const Value& value = values[*column_][row];
    std::string name;
    if (value.type() == Value::Type::kText) {
      name = std::string(value.as_text());
    } else if (const KeyOf key = ToKey(value, dtype_); key.outcome == KeyOf::Outcome::kKey) {
      name = KeyToText(key.key, dtype_);
    }
    return rates_.contains(name) ? name : "default";
  }

 private:
  const std::map<std::string, double>& rates_;
  const bool own_column_;
  std::set<std::string> names_;
  std::optional<size_t> column_;
  Dtype dtype_ = Dtype::kText;
};

/// Whether the time column never goes back. Numbers compare as numbers, texts as bytes (as ISO 8601 sorts).
class TimeOrder {
 public:
  /// What is wrong with this row's time; empty: nothing.
  std::string Check(const Value& time) {
    if (time.missing()) return "expected a time, got a missing value";
    if (time.type() == Value::Type::kText) {
      if (has_number_) return "expected a number as in the rows before, got a text";
      if (time.as_text() < text_)
        return Concat("expected a time not before '", text_, "', got '", time.as_text(), "': sort the rows");
      text_ = std::string(time.as_text());
      return "";
    }
    const KeyOf key = ToKey(time, time.type() == Value::Type::kDouble ? Dtype::kFloat64 : Dtype::kInt64);
    if (key.outcome != KeyOf::Outcome::kKey) return "expected a time, got a missing value";
    const double number =
        KeyToDouble(key.key, time.type() == Value::Type::kDouble ? KeyKind::kFloating : KeyKind::kSigned);
    if (has_number_ && number < number_)
      return Concat("expected a time not before ", number_, ", got ", number, ": sort the rows");
    number_ = number;
    has_number_ = true;
    return "";
  }

 private:
  std::string text_;
  double number_ = 0;
  bool has_number_ = false;
};

/// Adds one batch, whose features are `values`. `time` is null without a time column, which is else the batch's last.
absl::Status AddRows(const TableBatch& batch, const std::vector<std::vector<Value>>& values,
                     StratumNames& strata, TimeOrder* time, ReferenceBuilder& builder) {
  std::vector<std::string> names;
  for (size_t i = 0; i < batch.rows && (time != nullptr || strata.any()); ++i) {
    const std::string fault = time == nullptr ? "" : time->Check(batch.columns.back()[i]);
    if (!fault.empty()) {
      return absl::InvalidArgumentError(
          Concat(batch.file, ": row ", batch.first_row + static_cast<int64_t>(i), ": ", fault));
    }
    if (strata.any()) names.push_back(strata.Of(values, i, strata.own_column() ? batch.columns.back()[i] : Value()));
  }
  if (const auto error = builder.AddColumns(values, names)) {
    return absl::InvalidArgumentError(Concat(batch.file, ": ", error->message));
  }
  return absl::OkStatus();
}

/// Training data need not have the label: then it is left out, with a warning.
absl::Status LeaveOutMissingLabel(const std::vector<std::string>& data, std::vector<ProfileColumn>& columns,
                                  std::vector<std::string>& warnings) {
  if (columns.empty() || columns.back().role != Role::kLabel) return absl::OkStatus();
  const auto stored = TableReader::Columns(data);
  if (!stored.ok()) return stored.status();
  const std::string& name = columns.back().name;
  for (const StoredColumn& column : *stored) {
    if (column.name == name) return absl::OkStatus();
  }
  warnings.push_back(Concat("label '", name, "': the data have no such column, so the profile has no label: ",
                            "label drift will not be watched; errors and concept drift will"));
  columns.pop_back();
  return absl::OkStatus();
}

BuilderSettings SettingsOf(const ProfileInputs& inputs, size_t features) {
  BuilderSettings settings;
  settings.model_name = inputs.model_name;
  settings.model_version = inputs.model_version;
  settings.created_ns = inputs.created_ns;
  settings.cycle_ns = inputs.monitor.cycle_ns;
  settings.hashed = !inputs.for_one_comparison;
  if (inputs.for_one_comparison && inputs.stratum_column.empty()) {
    settings.cells = kCellsOfManyValues;
    settings.rank_cell_limit = inputs.unequal_weights ? kFinestCells / features : kCellsOfManyValues;
  }
  settings.time_ordered = !inputs.time_column.empty();
  return settings;
}

}  // namespace

absl::StatusOr<BuiltProfile> BuildProfile(const ProfileInputs& inputs) {
  auto columns = PlanColumns(inputs.monitor, inputs.tensors);
  if (!columns.ok()) return columns.status();
  BuiltProfile profile;
  if (absl::Status status = LeaveOutMissingLabel(inputs.data, *columns, profile.warnings); !status.ok()) return status;
  std::vector<FeatureColumn> sources;
  for (const ProfileColumn& column : *columns) sources.push_back(column.source);
  FeatureColumns features(std::move(sources));
  std::vector<ColumnRequest> requests = features.requests();
  if (!inputs.stratum_column.empty()) requests.push_back({inputs.stratum_column, ColumnType::kAsStored});
  if (!inputs.time_column.empty()) requests.push_back({inputs.time_column, ColumnType::kAsStored});
  const auto reader = TableReader::Open(inputs.data, requests);
  if (!reader.ok()) return reader.status();
  profile.files = (*reader)->files();
  std::vector<ColumnSpec> specs;
  std::vector<std::vector<Value>> values;
  std::unique_ptr<ReferenceBuilder> builder;
  std::unique_ptr<StratumNames> strata;
  TimeOrder time;
  while (true) {
    const auto batch = (*reader)->Next();
    if (!batch.ok()) return batch.status();
    if (*batch == nullptr) break;
    if (builder == nullptr) {
      specs = DecideTypes(*columns, **reader, **batch, profile.warnings);
      builder = std::make_unique<ReferenceBuilder>(SettingsOf(inputs, specs.size()), specs);
      strata = std::make_unique<StratumNames>(inputs.monitor, specs, !inputs.stratum_column.empty());
    }
    TimeOrder* order = inputs.time_column.empty() ? nullptr : &time;
    absl::Status status = features.Take(**batch, values);
    if (status.ok()) status = AddRows(**batch, values, *strata, order, *builder);
    if (!status.ok()) return status;
    if (inputs.progress) inputs.progress((*reader)->progress(), (*reader)->rows_read());
  }
  if (builder == nullptr)
    return absl::InvalidArgumentError(Concat(JoinNames(profile.files), ": expected rows, got a header alone"));
  for (const std::string& warning : features.warnings()) profile.warnings.push_back(warning);
  const bool few = builder->rows() * specs.size() <= CurrentSamples::kMostValues;
  const bool exact = inputs.for_one_comparison && !inputs.unequal_weights && few;
  if (exact) profile.samples = std::make_shared<SortedSamples>();
  auto built = builder->Build(profile.samples.get());
  if (!built.ok()) return absl::InvalidArgumentError(built.error().message);
  profile.reference = std::move(built.value());
  return profile;
}

}  // namespace drift
