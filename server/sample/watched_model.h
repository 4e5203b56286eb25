#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/base/counter.h"
#include "server/sample/label_counts.h"
#include "server/sample/sampling_rule.h"
#include "server/sample/stratum_counts.h"

namespace driftserve {

/// Where a watched value comes from: element `column` of each row of tensor `tensor` (its index among the model's
/// inputs or outputs), or the whole row where monitor.yaml reduces it.
struct FeatureBinding {
  std::string name;
  int tensor;
  int64_t column;
};

enum class StratumSource { kNone, kFeature, kParameter, kMetadata };
enum class SamplingKey { kSequence, kRequestId };

/// What is constant about watching one model version.
struct WatchedModelSettings {
  std::string name;
  std::string version;
  std::string reference_hash;
  std::vector<FeatureBinding> features;     // in the order of the reference
  std::vector<FeatureBinding> predictions;  // likewise
  bool batches = true;                      // false: the whole of a tensor is one row
  StratumSource stratum_source = StratumSource::kNone;
  FeatureBinding stratum_feature;  // for kFeature
  std::string stratum_name;        // parameter or metadata key, for the other two
  SamplingKey key = SamplingKey::kSequence;
  int64_t pane_ns = 60'000'000'000;
};

/// One model version as the tap and the observer know it.
///
/// Lifetime: held by shared pointer by the model that is served and by the observer. Samples only point to it, since a
/// count of owners would go to and fro between two cores with each of them. That it outlives those that wait in rings
/// follows from this:
/// 1. It is watched before its first request: the observer holds it before there is a sample of it.
/// 2. Who answers a request holds the model until the kept rows are counted in kept() and the sample is in its ring: once
///    nobody but the observer holds it, no further sample comes, and all that came are counted.
/// 3. The observer lets go of it when it is unwatched, nobody else holds it, and as many rows were taken from the rings
///    as kept() counts: none waits then. Rings outlive the threads that fill them.
/// 4. Who destroys a ring with samples in it, or finds one of a model that was never watched, follows no pointer.
///
/// Thread safety: settings() is constant; rule() and SetRule synchronise by themselves (retired rules live as long as
/// the model, so a reader never loses one); seen() and the counters as their classes say.
class WatchedModel {
 public:
  WatchedModel(WatchedModelSettings settings, std::unique_ptr<SamplingRule> rule, size_t threads)
      : settings_(std::move(settings)), seen_(threads, rule->stratum_count(), settings_.pane_ns),
        kept_(rule->stratum_count()), dropped_(rule->stratum_count()) {
    SetRule(std::move(rule));
  }

  const WatchedModelSettings& settings() const { return settings_; }
  const SamplingRule& rule() const { return *rule_.load(std::memory_order_acquire); }

  /// `rule` must have the strata of the one before; only rates differ.
  void SetRule(std::unique_ptr<SamplingRule> rule) {
    std::lock_guard lock(rules_mutex_);
    rules_.push_back(std::move(rule));
    rule_.store(rules_.back().get(), std::memory_order_release);
  }

  StratumCounts& seen() { return seen_; }
  const StratumCounts& seen() const { return seen_; }
  /// Rows selected and handed to the observer, and rows selected but dropped by a full ring; per stratum.
  std::vector<SharedCounter>& kept() { return kept_; }
  std::vector<SharedCounter>& dropped() { return dropped_; }
  const std::vector<SharedCounter>& kept() const { return kept_; }
  const std::vector<SharedCounter>& dropped() const { return dropped_; }
  LabelCounts& labels() { return labels_; }
  const LabelCounts& labels() const { return labels_; }

 private:
  const WatchedModelSettings settings_;
  StratumCounts seen_;
  std::vector<SharedCounter> kept_;
  std::vector<SharedCounter> dropped_;
  LabelCounts labels_;
  std::atomic<const SamplingRule*> rule_{nullptr};
  std::mutex rules_mutex_;  // guards rules_
  std::vector<std::unique_ptr<SamplingRule>> rules_;
};

}  // namespace driftserve
