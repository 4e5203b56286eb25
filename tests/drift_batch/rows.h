#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "drift/batch/row_source.h"

namespace drift::testing {

/// Rows from memory, in batches of `batch_rows`.
class MemorySource : public RowSource {
 public:
  explicit MemorySource(RowBatch rows, size_t batch_rows = 1000) : all_(std::move(rows)), batch_rows_(batch_rows) {}

  absl::StatusOr<const RowBatch*> Next() override {
    if (at_ >= all_.rows) return nullptr;
    const size_t end = std::min(all_.rows, at_ + batch_rows_);
    const auto part = [this, end](const auto& from, auto& to) {
      if (!from.empty()) to.assign(from.begin() + static_cast<long>(at_), from.begin() + static_cast<long>(end));
    };
    batch_.rows = end - at_;
    batch_.values.resize(all_.values.size());
    for (size_t f = 0; f < all_.values.size(); ++f) part(all_.values[f], batch_.values[f]);
    part(all_.times_ns, batch_.times_ns);
    part(all_.strata, batch_.strata);
    part(all_.inclusion_probabilities, batch_.inclusion_probabilities);
    at_ = end;
    return &batch_;
  }
  double progress() const override { return static_cast<double>(at_) / static_cast<double>(all_.rows); }
  DataSide side() const override { return side_; }
  std::vector<std::string> warnings() const override { return {"read from memory"}; }

  DataSide side_ = {"memory", "", 0, 0, 0};

 private:
  const RowBatch all_;
  const size_t batch_rows_;
  RowBatch batch_;
  size_t at_ = 0;
};

}  // namespace drift::testing
