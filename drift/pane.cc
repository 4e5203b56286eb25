#include "drift/pane.h"

#include <algorithm>

namespace drift {
namespace {

bool FitsNarrow(const Layout& layout) {
  for (std::size_t f = 0; f < layout.features(); ++f) {
    if (layout.feature(f).cells() > 65'536) return false;
  }
  return true;
}

}  // namespace

void CellStore::Add(const Layout& layout, std::span<const std::uint32_t> indices) {
  if (dense()) {
    for (std::size_t f = 0; f < indices.size(); ++f) ++counts_[layout.cell_offset(f) + indices[f]];
    return;
  }
  if (narrow_.empty() && wide_.empty() && !FitsNarrow(layout)) wide_.reserve(indices.size());
  if (wide_.capacity() > 0) {
    wide_.insert(wide_.end(), indices.begin(), indices.end());
  } else {
    narrow_.insert(narrow_.end(), indices.begin(), indices.end());  // all below 65 536
  }
  if (bytes() > layout.total_cells() * sizeof(std::uint32_t)) MakeDense(layout);
}

void CellStore::MakeDense(const Layout& layout) {
  if (dense()) return;
  std::vector<std::uint32_t> counts(layout.total_cells(), 0);
  Visit(layout, [&counts](std::size_t cell, std::uint32_t count) { counts[cell] += count; });
  *this = CellStore();
  counts_ = std::move(counts);
}

void CellStore::Merge(const Layout& layout, const CellStore& other) {
  if (other.dense()) {
    MakeDense(layout);
  }
  if (dense()) {
    other.Visit(layout, [this](std::size_t cell, std::uint32_t count) { counts_[cell] += count; });
    return;
  }
  narrow_.insert(narrow_.end(), other.narrow_.begin(), other.narrow_.end());
  wide_.insert(wide_.end(), other.wide_.begin(), other.wide_.end());
  if (bytes() > layout.total_cells() * sizeof(std::uint32_t)) MakeDense(layout);
}

std::size_t CellStore::bytes() const {
  return narrow_.capacity() * sizeof(std::uint16_t) + wide_.capacity() * sizeof(std::uint32_t) +
         counts_.capacity() * sizeof(std::uint32_t);
}

double StratumPane::EffectiveProbability() const {
  return selected() == 0 ? probability : probability * static_cast<double>(kept) / static_cast<double>(selected());
}

void StratumPane::MixRate(double other_probability, std::uint64_t rows) {
  if (other_probability <= 0 || rows == 0) return;
  const auto own = probability > 0 ? static_cast<double>(selected()) : 0.0;
  const auto other = static_cast<double>(rows);
  const double inverse_sum = (own > 0 ? own / probability : 0) + other / other_probability;
  mixed = mixed || own > 0;
  probability = (own + other) / inverse_sum;
}

}  // namespace drift
