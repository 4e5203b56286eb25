#include "server/observe/row_values.h"

#include <algorithm>

namespace driftserve {

RowValues::RowValues(const WatchedModelSettings& settings, const drift::MonitorSettings& monitor)
    : batches_(settings.batches) {
  Add(settings.features, monitor.features, false);
  Add(settings.predictions, monitor.predictions, true);
  values_.resize(sources_.size());
}

void RowValues::Add(const std::vector<FeatureBinding>& bindings, const std::vector<drift::FeatureSpec>& specs,
                    bool prediction) {
  for (const FeatureBinding& binding : bindings) {
    Source source{binding, prediction, {}, 0};
    const auto spec = std::find_if(specs.begin(), specs.end(),
                                   [&](const drift::FeatureSpec& candidate) { return candidate.name == binding.name; });
    if (spec != specs.end() && spec->reduced()) {
      source.reduce = spec->reduce;
      source.row = RowOf(prediction, binding.tensor);
    }
    sources_.push_back(std::move(source));
  }
}

size_t RowValues::RowOf(bool prediction, int tensor) {
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].prediction == prediction && rows_[i].tensor == tensor) return i;
  }
  rows_.push_back({prediction, tensor, std::nullopt, {}});
  return rows_.size() - 1;
}

absl::Span<const drift::Value> RowValues::Read(SampleReader& reader, uint32_t position) {
  for (WideRow& row : rows_) row.kind.reset();
  for (size_t i = 0; i < sources_.size(); ++i) {
    const Source& source = sources_[i];
    if (source.reduce.reduction != drift::Reduction::kNone) {
      values_[i] = Reduce(source, reader, position);
    } else {
      values_[i] = source.prediction ? reader.Prediction(source.binding, position)
                                     : reader.Feature(source.binding, position);
    }
  }
  return values_;
}

drift::Value RowValues::Reduce(const Source& source, SampleReader& reader, uint32_t position) {
  WideRow& row = rows_[source.row];
  if (!row.kind) {
    row.kind = row.prediction ? reader.PredictionRow(row.tensor, position, batches_, row.elements)
                              : reader.FeatureRow(row.tensor, position, batches_, row.elements);
  }
  switch (*row.kind) {
    case RowKind::kNumbers: return reducer_.Reduce(source.reduce, row.elements);
    case RowKind::kTexts: return drift::Reducer::LengthOfTexts(row.elements);
    case RowKind::kNone: break;
  }
  return drift::Value::Missing();
}

}  // namespace driftserve
