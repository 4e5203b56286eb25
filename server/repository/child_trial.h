#pragma once

#include <memory>
#include <string>

#include "driftserve/trial/trial.pb.h"
#include "server/repository/child_process.h"
#include "server/repository/trial.h"

namespace driftserve {

struct ChildTrialSettings {
  /// Run with kTrialOption; by default this very program, even where its file has been replaced since.
  std::string program = "/proc/self/exe";
  int64_t timeout_ms = 60'000;
  int64_t memory_bytes = int64_t{16} << 30;
};

/// A trial in a child process: whatever a model does to the process that loads it, the server is told by a Status. The
/// child gets the very bytes that will be installed, through memory that both share.
///
/// One child tries models until one ends it or Rest is called, since starting it costs more than most trials do. A
/// model that ends a child which others have passed through is tried again in a fresh one, so that no model is blamed
/// for another's damage.
///
/// Thread safety: as of Trial. Lifetime: the clock must outlive it; a child does not outlive it.
class ChildTrial : public Trial {
 public:
  ChildTrial(ChildTrialSettings settings, const Clock* clock);
  ~ChildTrial() override;

  /// Starts the child now, so that it is ready by the time of the first trial. May fail; the trial then says why.
  void Prepare();

  absl::Status Try(const LoadRequest& request, const ModelSettings& settings) override;
  absl::StatusOr<ModuleSignature> Signature(const std::string& file,
                                            std::shared_ptr<const std::string> bytes) override;
  void Rest() override;
  void Cancel() override;

 private:
  absl::StatusOr<trial::Reply> Ask(trial::Request request, const std::string& bytes);
  absl::StatusOr<trial::Reply> AskOnce(const trial::Request& request, const std::string& bytes);
  absl::StatusOr<trial::Reply> Await(const trial::Request& request);
  absl::Status Share(const trial::Request& request, const std::string& bytes);
  absl::Status Started();

  const ChildTrialSettings settings_;
  const Clock* const clock_;
  const int shared_memory_;
  const int cancelled_;  // an eventfd, readable for ever after Cancel
  std::unique_ptr<ChildProcess> child_;
  bool fresh_ = false;  // the child has not tried a model before
};

}  // namespace driftserve
