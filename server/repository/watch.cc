#include "server/repository/watch.h"

#include <algorithm>
#include <optional>

#include "drift/profile/monitor_file.h"
#include "drift/profile/reference_file.h"
#include "server/base/text.h"

namespace driftserve {
namespace {

std::string Message(const absl::Status& status) {
  return std::string(status.message().data(), status.message().size());
}

// Elements of one row; nothing where a dimension is free.
std::optional<int64_t> RowElements(const TensorSpec& spec) {
  int64_t elements = 1;
  for (const int64_t dim : spec.dims) {
    if (dim < 0) return std::nullopt;
    elements *= dim;
  }
  return elements;
}

// Where a feature stands among `tensors`; a fault where it cannot be read there.
ColumnBinding Bind(const drift::FeatureSpec& feature, const std::vector<TensorSpec>& tensors, std::string_view role,
                   const std::string& file, std::vector<std::string>& faults) {
  const std::string where = Concat(file, ": feature `", feature.name, "`");
  ColumnBinding binding{feature.name, -1, feature.column};
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const TensorSpec& spec) { return spec.name == feature.tensor; });
  if (found == tensors.end()) {
    std::vector<std::string> names;
    for (const TensorSpec& spec : tensors) names.push_back(spec.name);
    faults.push_back(
        Concat(where, ": ", role, ": expected one of ", Join(names, ", "), ", got `", feature.tensor, "`"));
    return binding;
  }
  binding.tensor = static_cast<int>(found - tensors.begin());
  const std::optional<int64_t> elements = RowElements(*found);
  if (feature.reduced()) {
    const auto dtype = drift::DtypeFromName(Name(found->type)).value_or(drift::Dtype::kFloat64);
    const std::string fault = drift::WhyNotReducible(feature.reduce, dtype, elements.value_or(-1),
                                                     Concat(role, " `", feature.tensor, "`"));
    if (!fault.empty()) faults.push_back(Concat(where, ": ", fault));
    return binding;
  }
  if (!elements) {
    faults.push_back(Concat(where, ": ", role, " `", feature.tensor,
                            "` has a free dimension, so that its columns are not fixed; ",
                            "give dims without -1 in config.pbtxt"));
  } else if (feature.column >= *elements) {
    faults.push_back(Concat(where, ": column: expected less than ", *elements, ", the elements of a row of `",
                            feature.tensor, "`, got ", feature.column));
  }
  if (found->type == DataType::kBytes && feature.kind == drift::Kind::kNumeric) {
    faults.push_back(Concat(where, ": type: expected categorical, as `", feature.tensor, "` holds texts, got numeric"));
  }
  return binding;
}

std::vector<ColumnBinding> BindAll(const std::vector<drift::FeatureSpec>& features,
                                   const std::vector<TensorSpec>& tensors, std::string_view role,
                                   const std::string& file, std::vector<std::string>& faults) {
  std::vector<ColumnBinding> bindings;
  for (const drift::FeatureSpec& feature : features) bindings.push_back(Bind(feature, tensors, role, file, faults));
  return bindings;
}

absl::StatusOr<drift::MonitorSettings> ReadMonitor(const WatchSources& sources, std::string_view text) {
  absl::StatusOr<drift::MonitorSettings> monitor = drift::ParseMonitor(text, sources.monitor_file);
  if (!monitor.ok() || sources.overrides == nullptr) return monitor;
  const ServerConfig::MonitorOverride& overrides = *sources.overrides;
  absl::Status status = drift::ApplyOverrides(*monitor, overrides.yaml, overrides.file, overrides.line);
  if (!status.ok()) return status;
  return monitor;
}

absl::StatusOr<std::shared_ptr<const drift::Reference>> ReadReference(const WatchSources& sources) {
  if (sources.reference == nullptr) {
    return absl::InvalidArgumentError(Concat(
        sources.reference_file, ": expected a reference profile, as there is a ", sources.monitor_file,
        ", and there is none; make it by `drift profile --monitor ", sources.monitor_file,
        " --data <training data> --out ", sources.reference_file, "`, or take monitor.yaml away to serve unwatched"));
  }
  absl::StatusOr<drift::Reference> reference = drift::ParseReference(*sources.reference, sources.reference_file);
  if (!reference.ok()) return reference.status();
  return std::make_shared<const drift::Reference>(*std::move(reference));
}

// Every watched value, in the order of monitor.yaml, reductions too.
struct Bindings {
  std::vector<ColumnBinding> features, predictions;
};

// The reference counts values as they are served: another data type rounds differently and would drift by itself.
void CheckDataTypes(const drift::Reference& reference, const Model& model, const Bindings& bindings,
                    const std::string& file, std::vector<std::string>& faults) {
  const auto check = [&](const ColumnBinding& column, const drift::FeatureSpec& spec,
                         const std::vector<TensorSpec>& tensors, drift::Role role) {
    for (const drift::FeatureReference& feature : reference.features) {
      if (feature.name != column.name || feature.role != role || column.tensor < 0) continue;
      const std::string_view served =
          spec.reduced() ? drift::Name(drift::DtypeOf(spec.reduce)) : Name(tensors[column.tensor].type);
      if (drift::Name(feature.dtype) == served) continue;
      faults.push_back(Concat(file, ": feature `", column.name, "`: expected ", served, ", as it is ",
                              spec.reduced() ? "reduced" : "served", ", got ", drift::Name(feature.dtype),
                              "; make the reference again by `drift profile`"));
    }
  };
  for (size_t i = 0; i < bindings.features.size(); ++i) {
    check(bindings.features[i], model.monitor.features[i], model.settings.inputs, drift::Role::kFeature);
  }
  for (size_t i = 0; i < bindings.predictions.size(); ++i) {
    check(bindings.predictions[i], model.monitor.predictions[i], model.settings.outputs, drift::Role::kPrediction);
  }
}

// Predict's columns are elements of tensors: a reduction cannot be sent.
std::vector<ColumnBinding> WithoutReductions(const std::vector<ColumnBinding>& bindings,
                                             const std::vector<drift::FeatureSpec>& specs) {
  std::vector<ColumnBinding> columns;
  for (size_t i = 0; i < bindings.size(); ++i) {
    if (!specs[i].reduced()) columns.push_back(bindings[i]);
  }
  return columns;
}

FeatureBinding ToFeature(const ColumnBinding& column) { return {column.name, column.tensor, column.column}; }

WatchedModelSettings MakeWatchedSettings(const Model& model, const Bindings& bindings) {
  const drift::SamplingSettings& sampling = model.monitor.sampling;
  WatchedModelSettings settings;
  settings.name = model.settings.name;
  settings.version = model.version_text;
  settings.reference_hash = model.reference->hash;
  settings.batches = model.settings.max_batch_size > 0;
  for (const ColumnBinding& column : bindings.features) settings.features.push_back(ToFeature(column));
  for (const ColumnBinding& column : bindings.predictions) settings.predictions.push_back(ToFeature(column));
  settings.key =
      sampling.key == drift::SamplingKeySource::kRequestId ? SamplingKey::kRequestId : SamplingKey::kSequence;
  settings.pane_ns = std::max<int64_t>(model.monitor.window.length_ns / model.monitor.window.panes, 1);
  settings.stratum_name = sampling.stratum_name;
  switch (sampling.stratum_from) {
    case drift::StratumFrom::kNone:
      settings.stratum_source = StratumSource::kNone;
      break;
    case drift::StratumFrom::kMetadata:
      settings.stratum_source = StratumSource::kMetadata;
      break;
    case drift::StratumFrom::kParameter:
      settings.stratum_source = StratumSource::kParameter;
      break;
    case drift::StratumFrom::kFeature:
      settings.stratum_source = StratumSource::kFeature;
      for (const FeatureBinding& feature : settings.features) {
        if (feature.name == sampling.stratum_name) settings.stratum_feature = feature;
      }
      break;
  }
  return settings;
}

std::unique_ptr<SamplingRule> MakeRule(const drift::SamplingSettings& sampling) {
  std::vector<StratumRate> strata;
  for (const auto& [name, rate] : sampling.rates) strata.push_back({name, rate});
  return std::make_unique<SamplingRule>(std::move(strata), sampling.default_rate, sampling.seed,
                                        static_cast<uint32_t>(sampling.rule_version));
}

}  // namespace

absl::Status Watch(const WatchSources& sources, size_t threads, Model& model) {
  if (sources.monitor == nullptr) return absl::OkStatus();
  absl::StatusOr<drift::MonitorSettings> monitor = ReadMonitor(sources, *sources.monitor);
  if (!monitor.ok()) return monitor.status();
  std::vector<std::string> faults;
  model.monitor = *std::move(monitor);
  const Bindings bindings = {
      BindAll(model.monitor.features, model.settings.inputs, "input", sources.monitor_file, faults),
      BindAll(model.monitor.predictions, model.settings.outputs, "output", sources.monitor_file, faults)};
  model.columns = WithoutReductions(bindings.features, model.monitor.features);
  model.prediction_columns = WithoutReductions(bindings.predictions, model.monitor.predictions);
  const auto reference = ReadReference(sources);
  if (!reference.ok()) {
    faults.push_back(Message(reference.status()));
    return absl::InvalidArgumentError(Join(faults, "\n"));
  }
  if (const absl::Status fits = drift::CheckReferenceFits(**reference, model.monitor); !fits.ok()) {
    faults.push_back(Concat(sources.reference_file, ": ", fits.message(), "\n",
                            "make the reference again by `drift profile --monitor ", sources.monitor_file, "`"));
  }
  CheckDataTypes(**reference, model, bindings, sources.reference_file, faults);
  if (!faults.empty()) return absl::InvalidArgumentError(Join(faults, "\n"));
  model.reference = *reference;
  model.watched = std::make_shared<WatchedModel>(MakeWatchedSettings(model, bindings),
                                                 MakeRule(model.monitor.sampling), threads);
  return absl::OkStatus();
}

}  // namespace driftserve
