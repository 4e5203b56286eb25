#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "driftserve/v1/predict.pb.h"

namespace driftserve {

/// The labels of flights that were asked about and have not landed yet, by the time at which they do. One thread.
class LabelQueue {
 public:
  /// Labels that go into one request, at most.
  static constexpr int kBatch = 500;

  /// `due_ns`: monotonic, when the flight lands in the replay.
  void Add(int64_t due_ns, std::string request_id, double label) {
    waiting_.push({due_ns, std::move(request_id), label});
  }

  bool empty() const { return waiting_.empty(); }
  std::optional<int64_t> next_due_ns() const {
    return waiting_.empty() ? std::nullopt : std::optional(waiting_.top().due_ns);
  }

  /// Moves what is due into `request`, up to kBatch labels; false where nothing is.
  bool TakeDue(int64_t now_ns, v1::ReportLabelsRequest& request) {
    while (!waiting_.empty() && waiting_.top().due_ns <= now_ns && request.labels_size() < kBatch) {
      v1::Label& label = *request.add_labels();
      label.set_request_id(waiting_.top().request_id);
      label.set_number(waiting_.top().label);
      waiting_.pop();
    }
    return request.labels_size() > 0;
  }

 private:
  struct Waiting {
    int64_t due_ns;
    std::string request_id;
    double label;
    bool operator<(const Waiting& other) const { return due_ns > other.due_ns; }  // the soonest on top
  };
  std::priority_queue<Waiting> waiting_;
};

}  // namespace driftserve
