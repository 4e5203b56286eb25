#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/observe/snapshot.h"

namespace driftserve {

/// A watched model with the strata "default", then `strata`.
std::shared_ptr<WatchedModel> MakeWatched(const std::string& name, const std::vector<std::string>& strata);

/// A feature that can be judged: PSI 0.5 and KS 0.25 above their thresholds, two bins and MISSING.
drift::FeatureResult ReadyFeature(const std::string& name, drift::Role role = drift::Role::kFeature);

/// A feature that waits for rows.
drift::FeatureResult WarmingFeature(const std::string& name);

/// Labels and concept drift: ADWIN alarmed, Page–Hinkley did not; 97 % of the predictions have their label.
drift::ConceptResult DriftedConcept();

/// Fills in name, version, strata, and counts of rows and labels.
void Identify(ModelSnapshot& snapshot, std::shared_ptr<WatchedModel> watched);

/// A snapshot of one model, posted on `board`.
struct PostedModel {
  std::shared_ptr<WatchedModel> watched;
  std::shared_ptr<drift::Reference> reference;
};
PostedModel Post(SnapshotBoard& board, std::shared_ptr<WatchedModel> watched, drift::Evaluation evaluation,
                 std::vector<BinCounts> bins = {});

/// An evaluation at a fixed time with `features` in the population view.
drift::Evaluation MakeEvaluation(std::vector<drift::FeatureResult> features);

/// `features` ready features of eleven bins in the population view and in each of `strata`, with bin counts.
void PostLarge(SnapshotBoard& board, int features, int strata);

}  // namespace driftserve
