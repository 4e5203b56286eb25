#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "drift/profile/monitor_file.h"
#include "drift/reference.h"
#include "inference/model_config.pb.h"
#include "server/base/holding.h"
#include "server/base/serving_counters.h"
#include "server/execute/executor.h"
#include "server/sample/watched_model.h"

namespace driftserve {

/// How requests of one priority level wait: default_queue_policy of dynamic_batching, or an entry of
/// priority_queue_policy.
struct QueuePolicy {
  int64_t default_timeout_us = 0;  // 0: none
  bool delays = false;             // past its timeout a request runs after all others of its level; else it is refused
  int max_queue_size = 0;          // requests; 0: only the server's bound
};

/// What config.pbtxt and the module say of a model, checked.
struct ModelSettings {
  std::string name;
  std::string platform;                 // as configured, for metadata
  int max_batch_size = 0;               // 0: the model does not batch
  std::vector<TensorSpec> inputs;       // in the order of the configuration; arguments are bound by the loader
  std::vector<TensorSpec> outputs;
  std::vector<int> buckets;             // ascending batch sizes that are warmed and timed; the last is max_batch_size,
                                        // or 1 where the model does not batch
  std::vector<std::vector<int64_t>> warm_dims;  // per input: the shape of a row to warm with, without free dimensions
  int warm_runs = 3;                    // of each bucket
  bool random_warming = false;          // warm with random values instead of zeros
  bool writes_own_state = false;        // then it is neither warmed, which would change it, nor run on the pollers
  int intra_op_threads = 1;
  int instance_count = 1;               // executor threads, where the model does not run on the pollers
  DeviceKind device = DeviceKind::kCpu;
  std::vector<int> gpus;                // by instance: its GPU; empty on CPU
  bool cuda_graphs = false;             // a run per bucket is recorded while warming, and replayed
  int64_t max_queue_delay_us = 0;
  std::vector<int> preferred_sizes;     // ascending; a batch that reaches one runs at once, and stops there
  std::vector<QueuePolicy> levels = {QueuePolicy()};  // by priority, the most urgent first; one where there are none
  size_t default_level = 0;
  // Of requests that name no version, while an older version is served too: the share of the newest.
  double canary_share = 1;
  bool preserves_order = false;         // answers leave in the order of acceptance
  inference::ModelConfig config;        // what ModelConfig answers

  /// The index into `levels` of a request's `priority`, where 1 is the most urgent: the default's for 0 and for a
  /// priority that the model does not have.
  size_t LevelOf(uint64_t priority) const {
    return priority >= 1 && priority <= levels.size() ? static_cast<size_t>(priority) - 1 : default_level;
  }
  /// True when what is asked for needs one queue for all requests: then the model does not run on the pollers.
  bool needs_queue() const {
    return max_queue_delay_us > 0 || preserves_order || levels.size() > 1 || levels[0].delays;
  }
};

class InferenceQueue;  // server/batch
class ReplyOrder;      // server/batch

/// How one feature column of Predict reaches a tensor: element `column` of each row of input `tensor`.
struct ColumnBinding {
  std::string name;
  int tensor;
  int64_t column;
};

/// One served version of a model, installed. Immutable but for counters, which synchronise by themselves.
///
/// Lifetime: held by shared pointer by the registry and by every request that runs on it; an unloaded version goes
/// when its last request has been answered.
struct Model {
  ModelSettings settings;
  int64_t version = 0;
  std::string version_text;
  uint64_t content = 0;  // hash of all that it was made from
  std::vector<std::shared_ptr<Executable>> executables;  // one per device
  std::vector<std::unique_ptr<Graph>> poller_graphs;  // one per poller when run_inline, else empty
  std::vector<std::unique_ptr<Graph>> instance_graphs;  // one per instance when not
  bool run_inline = false;
  std::shared_ptr<InferenceQueue> queue;  // to the instances' threads; null when run_inline
  std::shared_ptr<ReplyOrder> reply_order;  // null: answers leave as soon as they are there
  /// Median time of one run per bucket, as measured while warming; nanoseconds. May be updated while serving.
  std::vector<int64_t> bucket_ns;

  std::vector<ColumnBinding> columns;                 // Predict's, from monitor.yaml; empty without one
  std::vector<ColumnBinding> prediction_columns;      // outputs by name
  std::shared_ptr<WatchedModel> watched;              // null: not watched
  std::shared_ptr<const drift::Reference> reference;  // null: not watched
  drift::MonitorSettings monitor;                     // overrides applied

  /// What its requests hold of the server's bounds.
  mutable Holding holding;
  /// One slot per poller, then one per instance.
  mutable ServingCounters counters{1};
};

}  // namespace driftserve
