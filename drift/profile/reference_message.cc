#include "drift/profile/reference_message.h"

#include <cmath>

#include "drift/profile/text.h"

namespace drift {
namespace {

using FeatureMessage = driftserve::v1::FeatureReference;

constexpr int kMaxFeatures = 2000;
constexpr int kMaxStrata = 1000;
constexpr int kMaxCells = 65'000;                 // a cell's number is kept in 16 bits
constexpr uint64_t kMaxRows = uint64_t{1} << 53;  // counts are exact as doubles

void ToMessage(const FeatureReference& feature, FeatureMessage& message) {
  message.set_name(feature.name);
  message.set_role(static_cast<FeatureMessage::Role>(static_cast<int>(feature.role) + 1));
  message.set_kind(static_cast<FeatureMessage::Kind>(static_cast<int>(feature.kind) + 1));
  message.set_dtype(std::string(Name(feature.dtype)));
  uint64_t before = 0;
  for (const uint64_t edge : feature.upper_edges) {
    message.add_edge_steps(edge - before);
    before = edge;
  }
  for (const std::string& category : feature.categories) message.add_categories(category);
  for (const uint64_t hash : feature.known_hashes) message.add_known_hashes(hash);
  message.set_unseen_joins_other(feature.unseen_joins_other);
  for (const uint64_t count : feature.cell_counts) message.add_cell_counts(count);
  message.set_effective_rows(feature.effective_rows);
  message.set_mean(feature.mean);
  message.set_standard_deviation(feature.standard_deviation);
  message.set_minimum(feature.minimum);
  message.set_maximum(feature.maximum);
  message.set_reduction(feature.reduction);
}

/// What is wrong with the numbers of a feature whose lists were read; empty: nothing.
std::string FaultOf(const FeatureReference& feature) {
  for (const double value :
       {feature.effective_rows, feature.mean, feature.standard_deviation, feature.minimum, feature.maximum}) {
    if (!std::isfinite(value)) return "a summary figure is not finite";
  }
  if (feature.standard_deviation < 0) return "standard_deviation is negative";
  if (feature.minimum > feature.maximum) return "minimum is above maximum";
  if (feature.kind == Kind::kNumeric && (!feature.categories.empty() || !feature.known_hashes.empty())) {
    return "numeric, but it has categories";
  }
  if (feature.kind == Kind::kCategorical && !feature.upper_edges.empty()) return "categorical, but it has edges";
  for (const uint64_t edge : feature.upper_edges) {
    if (std::isnan(KeyToDouble(edge, KeyKindOf(feature.dtype)))) return "an edge is not a number";
  }
  return "";
}

absl::Status ReadEdges(const FeatureMessage& message, FeatureReference& feature) {
  uint64_t edge = 0;
  for (int i = 0; i < message.edge_steps_size(); ++i) {
    const uint64_t step = message.edge_steps(i);
    if ((step == 0 && i > 0) || step > ~uint64_t{0} - edge) {
      return absl::InvalidArgumentError("edge_steps: expected edges that increase within 64 bits");
    }
    edge += step;
    feature.upper_edges.push_back(edge);
  }
  return absl::OkStatus();
}

absl::StatusOr<FeatureReference> FromMessage(const FeatureMessage& message) {
  FeatureReference feature;
  feature.name = message.name();
  if (feature.name.empty()) return absl::InvalidArgumentError("name: expected a text, got nothing");
  const auto dtype = DtypeFromName(message.dtype());
  if (!dtype)
    return absl::InvalidArgumentError(
        Concat("dtype: expected one of the protocol's types, got '", message.dtype(), "'"));
  if (message.role() < 1 || message.role() > 3 || message.kind() < 1 || message.kind() > 2) {
    return absl::InvalidArgumentError("role and kind: expected those of schema version 1");
  }
  if (message.cell_counts_size() > kMaxCells) {
    return absl::InvalidArgumentError(
        Concat("cell_counts: expected at most ", kMaxCells, ", got ", message.cell_counts_size()));
  }
  feature.role = static_cast<Role>(message.role() - 1);
  feature.kind = static_cast<Kind>(message.kind() - 1);
  feature.dtype = *dtype;
  if (const absl::Status status = ReadEdges(message, feature); !status.ok()) return status;
  feature.categories.assign(message.categories().begin(), message.categories().end());
  feature.known_hashes.assign(message.known_hashes().begin(), message.known_hashes().end());
  feature.unseen_joins_other = message.unseen_joins_other();
  feature.cell_counts.assign(message.cell_counts().begin(), message.cell_counts().end());
  feature.effective_rows = message.effective_rows();
  feature.mean = message.mean();
  feature.standard_deviation = message.standard_deviation();
  feature.minimum = message.minimum();
  feature.maximum = message.maximum();
  feature.reduction = message.reduction();
  if (const std::string fault = FaultOf(feature); !fault.empty()) return absl::InvalidArgumentError(fault);
  return feature;
}

absl::Status CheckSizes(const driftserve::v1::Reference& message) {
  const auto check = [](std::string_view what, uint64_t low, uint64_t high, uint64_t got) {
    if (got >= low && got <= high) return absl::OkStatus();
    return absl::InvalidArgumentError(Concat(what, ": expected ", low, " to ", high, ", got ", got));
  };
  absl::Status status = check("features", 1, kMaxFeatures, static_cast<uint64_t>(message.features_size()));
  if (status.ok()) status = check("strata", 0, kMaxStrata, static_cast<uint64_t>(message.strata_size()));
  if (status.ok()) status = check("rows", 1, kMaxRows, message.rows());
  return status;
}

}  // namespace

void ToMessage(const Reference& reference, driftserve::v1::Reference& message) {
  message.set_schema_version(static_cast<uint32_t>(reference.schema_version));
  message.set_hash(ContentHash(reference));
  message.set_model_name(reference.model_name);
  message.set_model_version(reference.model_version);
  message.set_created_unix_ns(reference.created_ns);
  message.set_rows(reference.rows);
  message.set_cycle_ns(reference.cycle_ns);
  for (const FeatureReference& feature : reference.features) ToMessage(feature, *message.add_features());
  for (const StratumReference& stratum : reference.strata) {
    auto* out = message.add_strata();
    out->set_name(stratum.name);
    out->set_rows(stratum.rows);
    for (const auto& counts : stratum.cell_counts) {
      out->add_features()->mutable_cell_counts()->Assign(counts.begin(), counts.end());
    }
  }
}

absl::StatusOr<Reference> FromMessage(const driftserve::v1::Reference& message) {
  if (const absl::Status status = CheckSizes(message); !status.ok()) return status;
  Reference reference;
  reference.schema_version = static_cast<int>(message.schema_version());
  reference.model_name = message.model_name();
  reference.model_version = message.model_version();
  reference.created_ns = message.created_unix_ns();
  reference.rows = message.rows();
  reference.cycle_ns = message.cycle_ns();
  for (const FeatureMessage& part : message.features()) {
    absl::StatusOr<FeatureReference> feature = FromMessage(part);
    if (!feature.ok()) {
      return absl::InvalidArgumentError(
          Concat("feature '", part.name(), "': ", std::string(feature.status().message())));
    }
    if (!reference.features.empty() && feature->role < reference.features.back().role) {
      return absl::InvalidArgumentError(
          Concat("feature '", part.name(), "': expected features, then predictions, then labels"));
    }
    reference.features.push_back(*std::move(feature));
  }
  for (const auto& part : message.strata()) {
    StratumReference& stratum = reference.strata.emplace_back();
    stratum.name = part.name();
    stratum.rows = part.rows();
    for (const auto& counts : part.features()) {
      stratum.cell_counts.emplace_back(counts.cell_counts().begin(), counts.cell_counts().end());
    }
  }
  return reference;
}

}  // namespace drift
