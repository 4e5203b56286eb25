#ifndef DRIFT_BUILDER_H_
#define DRIFT_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "drift/error.h"
#include "drift/reference.h"
#include "drift/value.h"

namespace drift {

struct ColumnSpec {
  std::string name;
  Role role = Role::kFeature;
  Dtype dtype = Dtype::kFloat32;
  std::optional<Kind> kind;  // unset: text, booleans and numbers with ≤ 20 distinct values are categorical
  std::string reduction = {};  // FeatureReference::reduction
};

struct BuilderSettings {
  std::string model_name, model_version;
  std::int64_t created_ns = 0;
  std::int64_t cycle_ns = 0;
  int cells = 1000;                // B: at most this many numeric cells of equal mass; 10 to 10 000
  std::size_t rank_cell_limit = 500;  // distinct values up to which every one gets its cell
  bool always_rank_cells = false;  // a cell for every distinct value, whatever their number: KS is then exact
  bool hashed = true;              // false: `hash` stays empty, for a reference that is not kept
  bool time_ordered = false;       // rows come in time order: measure the effective rows over 60 blocks
};

// The sorted keys (dtype.h) of a reference's features; empty for a categorical one, and for one whose cells tell all
// its values apart.
using SortedSamples = std::vector<std::vector<std::uint64_t>>;

// Collects the rows a model was trained on and makes the reference profile of them (statistics.md §1). Keeps 8
// bytes per numeric value and each distinct text once until Build(). Single-threaded. Drops nothing: a value
// that its dtype cannot read fails the Add of that row, which then leaves no trace.
class ReferenceBuilder {
 public:
  // `columns` in the order of the reference: features, predictions, labels.
  ReferenceBuilder(BuilderSettings settings, std::vector<ColumnSpec> columns);
  ~ReferenceBuilder();
  ReferenceBuilder(const ReferenceBuilder&) = delete;
  ReferenceBuilder& operator=(const ReferenceBuilder&) = delete;

  // One row: one value per column. `stratum` empty: the row belongs to no stratum's own reference.
  [[nodiscard]] std::optional<Error> Add(std::span<const Value> row, std::string_view stratum = {});

  // Many rows, all or none: [column][row], columns equally long; `strata`: one per row, or empty.
  [[nodiscard]] std::optional<Error> AddColumns(std::span<const std::vector<Value>> columns,
                                                std::span<const std::string> strata = {});

  std::uint64_t rows() const;

  // An Error where there are no rows, a name is used twice, or kind and dtype do not go together.
  // `samples`, where it is not null, is set to those of the features. To be called once: the rows are gone afterwards.
  Result<Reference> Build(SortedSamples* samples = nullptr);

 private:
  class Column;
  template <typename Values, typename Stratum>
  std::optional<Error> AddRows(const Values& values, std::size_t rows, const Stratum& stratum);
  std::uint32_t StratumId(std::string_view stratum);
  FeatureReference BuildFeature(Column& column, std::span<const std::size_t> position,
                                std::vector<std::uint64_t>* sample, Reference& reference);

  const BuilderSettings settings_;
  std::vector<std::unique_ptr<Column>> columns_;
  std::map<std::string, std::uint32_t, std::less<>> stratum_ids_;
  std::vector<std::uint32_t> row_strata_;  // one per row; 0: none
};

}  // namespace drift

#endif  // DRIFT_BUILDER_H_
