#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "server/batch/inference.h"
#include "server/batch/policy.h"

namespace driftserve {

/// The requests of one model that wait for its instances, in the order in which they run: by priority level, within a
/// level those in time before those past their timeout (where the level's policy delays them), then by acceptance.
/// Requests that are not to run hold no place: not in a batch, and not in a queue that would refuse another for them.
///
/// Thread safety: none; the pool guards it. Lifetime: the model must outlive it.
class WaitingList {
 public:
  explicit WaitingList(const Model* model) : model_(model) {}

  /// Takes the request over. It stays, and the reason comes back, where its level holds max_queue_size requests, or
  /// where its deadline cannot be met behind those before it. `free_ns`: when each instance will be free at the
  /// earliest.
  std::optional<Refusal> Add(std::unique_ptr<Inference>& inference, int64_t now_ns,
                             std::span<const int64_t> free_ns);

  /// Moves the next batch into `batch`, and behind it what is not to run, which is also there when no batch is. A batch
  /// that may wait for more until later than `now_ns` stays; that moment comes back. `flush`: nothing waits for more.
  int64_t Next(int64_t now_ns, bool flush, std::vector<std::unique_ptr<Inference>>& batch);

  /// Rows of the requests that run before one of `level` that is added now.
  int64_t RowsAhead(size_t level) const;
  /// Rows of the batch that Next took last.
  int64_t rows_taken() const { return rows_taken_; }
  /// Requests that were found past their timeout and run later for it, ever.
  uint64_t delayed() const { return delayed_; }
  size_t size() const;
  bool empty() const { return size() == 0; }

 private:
  using Queue = std::deque<std::unique_ptr<Inference>>;
  struct Level {
    Queue in_time, late;
    int64_t rows_in_time = 0, rows_late = 0;
    size_t size() const { return in_time.size() + late.size(); }
  };

  bool Hopeless(const Inference& inference, int64_t now_ns, std::span<const int64_t> free_ns) const;
  void Sweep(int64_t now_ns);
  void Look(Level& level, bool late, int64_t now_ns, size_t most);
  void Take(std::vector<std::unique_ptr<Inference>>& batch);
  void Compact();
  std::vector<Level>& Levels();

  const Model* const model_;
  std::vector<Level> levels_;
  Queue gone_;  // not to run; to be answered by whoever takes the next batch
  uint64_t delayed_ = 0;
  int64_t rows_taken_ = 0;

  // Of one call, kept for their memory.
  struct Candidate {
    std::unique_ptr<Inference>* place;
    int64_t* rows;  // of the queue that it waits in
  };
  std::vector<Candidate> candidates_;
  std::vector<Waiting> waiting_;
  std::vector<size_t> chosen_;
};

}  // namespace driftserve
