#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "server/access_log/access_log.h"
#include "server/base/serving_counters.h"
#include "server/batch/policy.h"
#include "server/batch/runner.h"
#include "server/repository/registry.h"
#include "server/rpc/rpc_inference.h"
#include "server/rpc/server_state.h"
#include "server/rpc/tag.h"
#include "server/tap/label_inbox.h"

namespace driftserve {

/// What all pollers share. Everything it points to outlives them.
struct PollerSettings {
  const Clock* clock = nullptr;
  const Registry* registry = nullptr;
  const ServerState* state = nullptr;
  Admission* admission = nullptr;
  Tap* tap = nullptr;
  LabelInbox* labels = nullptr;  // null: none are taken
  ServingCounters* unknown = nullptr;  // requests that never reached a model, a slot per poller
  uint64_t boot_id = 0;
  int64_t turn_limit_ns = 4'000'000;
  int64_t default_timeout_ns = 0;  // for requests without a deadline; 0: none
  DecodeLimits limits;
  AccessLog* access_log = nullptr;  // null: nothing is logged
  std::function<void(const std::string& model, const absl::Status& fault)> device_fault;
};

/// One serving thread: waits on its completion queue, accepts requests, runs those of short models itself in batches
/// of what has arrived meanwhile, and hands the others to their instances.
///
/// Thread safety: Start, Join and Execute by any thread; everything else on the poller's own thread. Lifetime: Join
/// returns once its queue was shut down and has run dry.
class Poller {
 public:
  Poller(size_t index, std::unique_ptr<grpc::ServerCompletionQueue> queue, const PollerSettings& settings);
  ~Poller();

  void Start();
  void Join();

  /// Runs `work` on the poller's thread, some time soon. REQUIRES: the queue is not shut down.
  void Execute(std::function<void()> work);

  /// On the poller's own thread: lets go of models that are served no more.
  void TurnToCurrentModels() { models_.models(); }

  /// Takes over a request that was just read: finds its model, decodes, admits, and queues it or replies.
  void Accept(std::unique_ptr<RpcInference> inference);
  /// Takes over a message of a stream that could not be read, and refuses it.
  void RefuseUnreadable(std::unique_ptr<RpcInference> inference);

  /// Counts a call from when it is posted until nothing of it will be on the queue any more: gRPC hands back what no
  /// caller took when it shuts down. On the poller's thread, or before it starts.
  void OpenCall() { ++open_calls_; }
  void CloseCall();
  /// Calls `then` once no call is open: gRPC has shut down, and all that was accepted is answered. On the poller's
  /// thread; once.
  void WhenIdle(std::function<void()> then);

  /// Where spent messages go: set by the owner of the calls.
  void SetReclaim(std::function<void(std::unique_ptr<SampleOwner>)> reclaim) { reclaim_ = std::move(reclaim); }

  grpc::ServerCompletionQueue* queue() const { return queue_.get(); }
  size_t index() const { return index_; }
  /// Of this thread; null: nothing is logged.
  AccessLogProducer* access() const { return access_; }

 private:
  void Run();
  /// Takes one event off the queue. False once the queue is shut down and empty.
  bool TakeEvent(bool wait);
  void Drain();
  void RunPending();
  bool RunNextGroup(int64_t spent_ns, bool first);
  void ChooseGroup();
  /// Whether the first chosen request is not to wait for the others to be copied beside it.
  bool BetterAlone() const;
  absl::Status Prepare(RpcInference& inference);
  std::optional<Refusal> Admit(const RpcInference& inference);
  bool CannotEndInTime(const RpcInference& inference) const;
  void ResolveStrata(RpcInference& inference);
  void Identify(RpcInference& inference);
  /// One of the server's own, where the caller gave none.
  void GiveRequestId(RpcInference& inference);
  void SetDeadline(RpcInference& inference);
  void Submit(std::unique_ptr<RpcInference> inference);
  void Refuse(std::unique_ptr<RpcInference> inference, const absl::Status& status);
  void RefuseUnknown(std::unique_ptr<RpcInference> inference, const absl::Status& status);

  const size_t index_;
  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  const PollerSettings settings_;
  const std::string id_prefix_;  // of the request ids made here: this boot
  std::function<void(std::unique_ptr<SampleOwner>)> reclaim_;
  RegistryReader models_;
  TapProducer* const tap_;
  AccessLogProducer* const access_;
  std::unique_ptr<BatchRunner> runner_;
  std::thread thread_;

  // The poller's own thread only.
  std::vector<std::unique_ptr<Inference>> pending_;  // accepted, not run, in order of acceptance
  std::vector<Waiting> waiting_;
  std::vector<size_t> chosen_;
  std::vector<std::unique_ptr<Inference>> batch_;
  bool more_events_ = true;
  bool drain_ = false;         // the last turn suggests that more than one request is ready at a time
  size_t accepted_in_turn_ = 0;
  std::optional<int64_t> unix_offset_ns_;  // from monotonic to Unix time; read at most once a turn, since it takes 60 ns
  size_t open_calls_ = 0;
  std::function<void()> when_idle_;
  int64_t turn_end_ns_ = 0;
  uint64_t sequence_ = 0;
};

}  // namespace driftserve
