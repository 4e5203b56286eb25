#include "drift/layout.h"

#include <numeric>

namespace drift {

FeatureLayout::FeatureLayout(const FeatureReference& reference)
    : kind_(reference.kind),
      dtype_(reference.dtype),
      key_kind_(KeyKindOf(reference.dtype)),
      cells_(static_cast<std::uint32_t>(reference.cell_counts.size())),
      edges_(reference.upper_edges),
      search_(reference.upper_edges, key_kind_),
      reader_(reference.dtype) {
  if (kind_ == Kind::kCategorical) categories_ = CategoryTable(reference);
  bin_of_cell_.resize(cells_);
  BuildBins(reference.cell_counts);
  for (std::uint32_t bin = 0; bin < bins_; ++bin) {
    const bool inner = bin > 0 && bin != missing_bin();
    ranges_.push_back({MakeLabel(bin), inner ? UpperOf(bin - 1) : std::nullopt, UpperOf(bin)});
  }
  for (std::uint32_t cell = 0; cell < cells_; ++cell) {
    if (singleton(cell)) singletons_.push_back(cell);
  }
  rank_cells_ = kind_ == Kind::kNumeric;
  for (std::uint32_t cell = 0; cell + 1 < cells_ && rank_cells_; ++cell) {
    rank_cells_ = singleton(cell) || reference.cell_counts[cell] == 0;
  }
}

std::optional<std::uint32_t> FeatureLayout::SlowCellOf(const Value& value) const {
  if (dtype_ == Dtype::kText) {
    if (value.missing()) return missing_cell();
    if (value.type() != Value::Type::kText) return std::nullopt;
    return categories_.FindText(value.as_text());
  }
  const KeyOf key = ToKey(value, dtype_);
  if (key.outcome == KeyOf::Outcome::kMissing) return missing_cell();
  if (key.outcome == KeyOf::Outcome::kUnreadable) return std::nullopt;
  return CellOfKey(key.key);
}

std::uint32_t FeatureLayout::CellOfKey(std::uint64_t key) const {
  if (kind_ != Kind::kNumeric) return categories_.FindKey(key);
  const double number = KeyToDouble(key, key_kind_);
  return key_kind_ == KeyKind::kFloating ? search_.FindNumber(number) : search_.FindKey(key, number);
}

void FeatureLayout::CellsOfKeys(std::span<const std::uint64_t> keys, std::span<std::uint32_t> cells) const {
  const std::uint64_t* const from = keys.data();
  std::uint32_t* const into = cells.data();
  if (kind_ != Kind::kNumeric || key_kind_ != KeyKind::kFloating) {
    for (std::size_t i = 0; i < keys.size(); ++i) into[i] = CellOfKey(from[i]);
    return;
  }
  for (std::size_t i = 0; i < keys.size(); ++i) into[i] = search_.FindNumber(FloatingOfKey(from[i]));
}

bool FeatureLayout::singleton(std::uint32_t cell) const {
  if (kind_ != Kind::kNumeric || cell >= edges_.size()) return false;
  return cell == 0 ? edges_[0] == 0 : edges_[cell] - edges_[cell - 1] == 1;
}

double FeatureLayout::upper_end(std::uint32_t cell) const { return KeyToDouble(edges_[cell], key_kind_); }

void FeatureLayout::CloseBin(std::uint32_t end) {
  const std::uint32_t begin = bin_ends_.empty() ? 0 : bin_ends_.back();
  const auto bin = static_cast<std::uint16_t>(bin_ends_.size());
  for (std::uint32_t cell = begin; cell < end; ++cell) bin_of_cell_[cell] = bin;
  bin_ends_.push_back(end);
}

// Deciles of the non-missing rows, cut only at cell ends; every cell of a category is a bin (statistics.md §1).
void FeatureLayout::BuildBins(std::span<const std::uint64_t> counts) {
  if (kind_ == Kind::kCategorical) {
    for (std::uint32_t cell = 0; cell < cells_; ++cell) CloseBin(cell + 1);
  } else {
    const std::uint32_t last = cells_ - 1;  // MISSING
    const double total = static_cast<double>(std::accumulate(counts.begin(), counts.begin() + last, std::uint64_t{0}));
    std::vector<double> closed = {0};  // rows below the ends of the bins so far
    double sum = 0;
    for (std::uint32_t cell = 0; cell < last && total > 0; ++cell) {
      sum += static_cast<double>(counts[cell]);
      const double decile = std::floor(10 * closed.back() / total + 1e-9);
      if (sum / total < (decile + 1) / 10 - 1e-12) continue;
      CloseBin(cell + 1);
      closed.push_back(sum);
    }
    while (!bin_ends_.empty() && total - closed.back() < 0.05 * total) {  // a small last bin joins the one before
      bin_ends_.pop_back();
      closed.pop_back();
    }
    CloseBin(last);
    CloseBin(last + 1);
  }
  bins_ = static_cast<std::uint32_t>(bin_ends_.size());
}

// A cell that ends just below a singleton: shown as open at the singleton's value, not as the number before it.
bool FeatureLayout::UpperIsOpen(std::uint32_t cell) const {
  return key_kind_ == KeyKind::kFloating && cell + 1 < edges_.size() && edges_[cell + 1] - edges_[cell] == 1;
}

std::optional<double> FeatureLayout::UpperOf(std::uint32_t bin) const {
  if (kind_ != Kind::kNumeric || bin == missing_bin() || bin_ends_[bin] > edges_.size()) return std::nullopt;
  const std::uint32_t cell = bin_ends_[bin] - 1;
  return KeyToDouble(edges_[cell] + (UpperIsOpen(cell) ? 1 : 0), key_kind_);
}

std::string FeatureLayout::MakeLabel(std::uint32_t bin) const {
  if (bin == missing_bin()) return "missing";
  if (kind_ == Kind::kCategorical) {
    if (bin == categories_.other_cell()) return "other";
    return bin == categories_.unseen_cell() ? "unseen" : categories_.name(bin);
  }
  const auto text = [this](std::uint32_t cell) {
    return KeyToText(edges_[cell] + (UpperIsOpen(cell) ? 1 : 0), dtype_);
  };
  std::string label = "(-inf";
  if (bin > 0) {
    const std::uint32_t cell = bin_ends_[bin - 1] - 1;
    label = (UpperIsOpen(cell) ? "[" : "(") + text(cell);
  }
  if (bin_ends_[bin] > edges_.size()) return label + ", inf)";
  const std::uint32_t cell = bin_ends_[bin] - 1;
  return label + ", " + text(cell) + (UpperIsOpen(cell) ? ")" : "]");
}

Layout::Layout(std::shared_ptr<const Reference> reference) : reference_(std::move(reference)) {
  cell_offsets_.push_back(0);
  bin_offsets_.push_back(0);
  layouts_.reserve(reference_->features.size());
  for (const FeatureReference& feature : reference_->features) {
    layouts_.emplace_back(feature);
    cell_offsets_.push_back(cell_offsets_.back() + layouts_.back().cells());
    for (std::uint32_t cell = 0; cell < layouts_.back().cells(); ++cell) {
      bin_of_cells_.push_back(static_cast<std::uint32_t>(bin_offsets_.back()) + layouts_.back().bin_of(cell));
    }
    bin_offsets_.push_back(bin_offsets_.back() + layouts_.back().bins());
  }
}

}  // namespace drift
