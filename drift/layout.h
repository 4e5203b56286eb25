#ifndef DRIFT_LAYOUT_H_
#define DRIFT_LAYOUT_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "drift/category_table.h"
#include "drift/cell_search.h"
#include "drift/reference.h"
#include "drift/shared_text.h"
#include "drift/value.h"

namespace drift {

// Where the values of one feature are counted: value → cell → PSI bin. Constant after construction, so safe to
// read from any thread.
class FeatureLayout {
 public:
  // REQUIRES: `reference` passed CheckReference().
  explicit FeatureLayout(const FeatureReference& reference);

  // The cell of a value; nullopt where it cannot be read as this feature's dtype.
  std::optional<std::uint32_t> CellOf(const Value& value) const {
    if (kind_ != Kind::kNumeric || !reader_.IsPlain(value)) return SlowCellOf(value);
    return search_.FindNumber(reader_.Round(value));
  }
  // Of a value already rounded (ToKey), and of a text.
  std::uint32_t CellOfKey(std::uint64_t key) const;
  // The same of many. REQUIRES: both are equally long.
  void CellsOfKeys(std::span<const std::uint64_t> keys, std::span<std::uint32_t> cells) const;
  std::uint32_t CellOfText(std::string_view bytes) const { return categories_.FindText(bytes); }

  Kind kind() const { return kind_; }
  std::uint32_t cells() const { return cells_; }                   // MISSING included
  std::uint32_t missing_cell() const { return cells_ - 1; }        // always the last
  std::uint32_t unseen_cell() const { return categories_.unseen_cell(); }  // categorical
  std::uint32_t bins() const { return bins_; }                     // MISSING included
  std::uint32_t missing_bin() const { return bins_ - 1; }          // always the last
  std::uint32_t bin_of(std::uint32_t cell) const { return bin_of_cell_[cell]; }
  bool rank_cells() const { return rank_cells_; }                  // numeric: KS from them is exact
  bool singleton(std::uint32_t cell) const;                        // numeric: holds one value only
  std::span<const std::uint32_t> singletons() const { return singletons_; }  // in their order
  // The number at the upper end of a numeric cell; REQUIRES cell < missing_cell() - 1.
  double upper_end(std::uint32_t cell) const;
  // The first cell after the bin; bins are runs of cells.
  std::uint32_t bin_end(std::uint32_t bin) const { return bin_ends_[bin]; }
  const SharedText& BinLabel(std::uint32_t bin) const { return ranges_[bin].label; }
  std::optional<double> BinLower(std::uint32_t bin) const { return ranges_[bin].lower; }
  std::optional<double> BinUpper(std::uint32_t bin) const { return ranges_[bin].upper; }

 private:
  std::optional<std::uint32_t> SlowCellOf(const Value& value) const;
  void BuildBins(std::span<const std::uint64_t> counts);
  void CloseBin(std::uint32_t end);
  struct BinRange {
    SharedText label;
    std::optional<double> lower, upper;
  };
  std::string MakeLabel(std::uint32_t bin) const;
  std::optional<double> UpperOf(std::uint32_t bin) const;  // empty where open-ended
  bool UpperIsOpen(std::uint32_t cell) const;

  Kind kind_;
  Dtype dtype_;
  KeyKind key_kind_;
  bool rank_cells_ = false;
  std::uint32_t cells_ = 0, bins_ = 0;
  std::vector<std::uint64_t> edges_;
  CellSearch search_;
  KeyReader reader_;
  CategoryTable categories_;
  std::vector<std::uint32_t> singletons_;
  std::vector<std::uint16_t> bin_of_cell_;
  std::vector<std::uint32_t> bin_ends_;
  std::vector<BinRange> ranges_;
};

// The layouts of all features of a reference, laid end to end. Constant after construction.
class Layout {
 public:
  explicit Layout(std::shared_ptr<const Reference> reference);

  const Reference& reference() const { return *reference_; }
  std::size_t features() const { return layouts_.size(); }
  const FeatureLayout& feature(std::size_t index) const { return layouts_[index]; }
  std::size_t cell_offset(std::size_t feature) const { return cell_offsets_[feature]; }
  std::size_t bin_offset(std::size_t feature) const { return bin_offsets_[feature]; }
  std::size_t total_cells() const { return cell_offsets_.back(); }
  std::size_t total_bins() const { return bin_offsets_.back(); }
  // By cell_offset(feature) + cell: bin_offset(feature) + its bin.
  std::span<const std::uint32_t> bin_of_cells() const { return bin_of_cells_; }

 private:
  const std::shared_ptr<const Reference> reference_;
  std::vector<FeatureLayout> layouts_;
  std::vector<std::uint32_t> bin_of_cells_;
  std::vector<std::size_t> cell_offsets_, bin_offsets_;  // one more than features: the last is the total
};

}  // namespace drift

#endif  // DRIFT_LAYOUT_H_
