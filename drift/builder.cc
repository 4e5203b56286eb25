#include "drift/builder.h"

#include <algorithm>

#include "drift/builder_column.h"
#include "drift/effective_rows.h"
#include "drift/layout.h"

namespace drift {
namespace {

Error ColumnFault(const ColumnSpec& spec, const std::string& what) {
  return Error{"column '" + spec.name + "' (" + std::string(Name(spec.dtype)) + "): " + what};
}

}  // namespace

ReferenceBuilder::ReferenceBuilder(BuilderSettings settings, std::vector<ColumnSpec> columns)
    : settings_(std::move(settings)) {
  for (ColumnSpec& spec : columns) columns_.push_back(std::make_unique<Column>(std::move(spec)));
}

ReferenceBuilder::~ReferenceBuilder() = default;

std::uint64_t ReferenceBuilder::rows() const { return row_strata_.size(); }

std::optional<Error> ReferenceBuilder::Add(std::span<const Value> row, std::string_view stratum) {
  if (row.size() != columns_.size()) {
    return Error{"row " + std::to_string(rows() + 1) + ": expected " + std::to_string(columns_.size()) +
                 " values, got " + std::to_string(row.size())};
  }
  return AddRows([row](std::size_t column) { return row.subspan(column, 1); }, 1,
                 [stratum](std::size_t) { return stratum; });
}

std::optional<Error> ReferenceBuilder::AddColumns(std::span<const std::vector<Value>> columns,
                                                  std::span<const std::string> strata) {
  const std::size_t rows = columns.empty() ? 0 : columns.front().size();
  return AddRows([columns](std::size_t column) { return std::span<const Value>(columns[column]); }, rows,
                 [strata](std::size_t row) { return strata.empty() ? std::string_view() : strata[row]; });
}

// `values`: of a column; `stratum`: of a row.
template <typename Values, typename Stratum>
std::optional<Error> ReferenceBuilder::AddRows(const Values& values, std::size_t rows, const Stratum& stratum) {
  std::optional<std::size_t> fault;
  std::size_t column_of_fault = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto own = columns_[i]->Add(values(i));
    if (!own || (fault && *fault <= *own)) continue;
    fault = own;
    column_of_fault = i;
  }
  if (fault) {
    for (const auto& column : columns_) column->Truncate(this->rows());
    const bool text = values(column_of_fault)[*fault].type() == Value::Type::kText;
    return ColumnFault(columns_[column_of_fault]->spec(), "row " + std::to_string(this->rows() + *fault + 1) +
                                                              ": expected " +
                                                              (text ? "a number, got text" : "text, got a number"));
  }
  for (std::size_t row = 0; row < rows; ++row) row_strata_.push_back(StratumId(stratum(row)));
  return std::nullopt;
}

std::uint32_t ReferenceBuilder::StratumId(std::string_view stratum) {
  if (stratum.empty()) return 0;
  const auto found = stratum_ids_.find(stratum);
  if (found != stratum_ids_.end()) return found->second;
  return stratum_ids_.emplace(stratum, static_cast<std::uint32_t>(stratum_ids_.size() + 1)).first->second;
}

FeatureReference ReferenceBuilder::BuildFeature(Column& column, std::span<const std::size_t> position,
                                                std::vector<std::uint64_t>* sample, Reference& reference) {
  const bool rows_needed = !reference.strata.empty() || settings_.time_ordered;
  FeatureReference feature = column.Build(settings_, rows_needed, sample);
  for (StratumReference& stratum : reference.strata) stratum.cell_counts.emplace_back(feature.cell_counts.size(), 0);
  if (!rows_needed) return feature;
  const FeatureLayout layout(feature);
  const std::unordered_set<std::uint64_t> once = column.SeenOnce(feature);
  std::vector<std::uint32_t> bins;
  for (std::size_t row = 0; row < rows(); ++row) {
    const std::uint32_t cell = column.CellOfRow(layout, once, row);
    if (settings_.time_ordered) bins.push_back(layout.bin_of(cell));
    if (row_strata_[row] != 0) ++reference.strata[position[row_strata_[row]]].cell_counts.back()[cell];
  }
  column.Free();
  if (settings_.time_ordered) feature.effective_rows = EffectiveRows(bins, layout.bins());
  return feature;
}

Result<Reference> ReferenceBuilder::Build(SortedSamples* samples) {
  if (rows() == 0) return Error{"reference: expected at least one row, got 0"};
  if (settings_.cells < 10 || settings_.cells > 10'000) {
    return Error{"reference: cells: expected 10 to 10000, got " + std::to_string(settings_.cells)};
  }
  Reference reference;
  reference.model_name = settings_.model_name;
  reference.model_version = settings_.model_version;
  reference.created_ns = settings_.created_ns;
  reference.cycle_ns = settings_.cycle_ns;
  reference.rows = rows();
  std::vector<std::size_t> position(stratum_ids_.size() + 1, 0);  // of a stratum's id in reference.strata
  for (const auto& [name, id] : stratum_ids_) {
    position[id] = reference.strata.size();
    reference.strata.push_back({name, 0, {}});
  }
  for (const std::uint32_t id : row_strata_) {
    if (id != 0) ++reference.strata[position[id]].rows;
  }
  if (samples != nullptr) samples->resize(columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const ColumnSpec& spec = columns_[i]->spec();
    if (spec.dtype == Dtype::kText && spec.kind == Kind::kNumeric) {
      return ColumnFault(spec, "kind: expected categorical, got numeric");
    }
    std::vector<std::uint64_t>* const sample = samples == nullptr ? nullptr : &(*samples)[i];
    reference.features.push_back(BuildFeature(*columns_[i], position, sample, reference));
  }
  if (auto error = CheckReference(reference)) return *error;
  if (settings_.hashed) reference.hash = ContentHash(reference);
  return reference;
}

}  // namespace drift
