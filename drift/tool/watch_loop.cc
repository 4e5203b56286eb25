#include "drift/tool/watch_loop.h"

#include <algorithm>
#include <utility>

#include "drift/profile/text.h"

namespace drift {
namespace {

constexpr int kPollMs = 100;
constexpr int kCommitMs = 5000;
constexpr int kTakenAtOnce = 1000;  // messages before the clock is looked at again
constexpr int64_t kMinuteNs = 60'000'000'000;

// A message is stamped after its record's time, so what is read from the window's beginning on is enough; a minute more
// for clocks that differ.
int64_t ReplayOf(const TopicWatch& watch) {
  int64_t longest = 0;
  for (const auto& version : watch.versions()) longest = std::max(longest, version->settings().window.length_ns);
  return longest + kMinuteNs;
}

}  // namespace

WatchLoop::WatchLoop(std::vector<std::unique_ptr<WatchedVersion>> versions, const driftserve::Clock* clock, Log log,
                     Progress progress)
    : watch_(std::move(versions)), clock_(clock), log_(std::move(log)), progress_(std::move(progress)) {
  for (const auto& version : watch_.versions()) {
    watched_.push_back({version.get(), WatchSnapshots(version.get()), 0, nullptr});
  }
  ShareCounts();
}

absl::Status WatchLoop::Join(const TopicConnection& connection, const std::string& group) {
  GroupSettings settings{connection, group, ReplayOf(watch_), [this] { return clock_->UnixNanos(); }};
  auto consumer = GroupConsumer::Join(std::move(settings), Events());
  if (!consumer.ok()) return consumer.status();
  consumer_ = *std::move(consumer);
  return absl::OkStatus();
}

GroupEvents WatchLoop::Events() {
  GroupEvents events;
  events.assigned = [this](const AssignedPartition& partition) {
    watch_.Assigned(partition);
    log_(Concat("partition ", partition.partition, " came: read from offset ", partition.begin, ", counted from ",
                partition.counted_from));
  };
  events.revoked = [this](int32_t partition, bool committed) {
    watch_.Revoked(partition, committed);
    log_(Concat("partition ", partition, " went, ", committed ? "all committed" : "not all committed"));
  };
  events.rebalanced = [this] {
    ++rebalances_;
    joined_ = true;
  };
  return events;
}

absl::Status WatchLoop::Run(const std::atomic<bool>& stop) {
  absl::Status status;
  while (!stop && status.ok()) {
    status = TakeMessages();
    TellProgress();
    EvaluateDue(false);
  }
  EvaluateDue(true);
  consumer_->Leave(kCommitMs);
  return status;
}

absl::Status WatchLoop::TakeMessages() {
  for (int taken = 0; taken < kTakenAtOnce; ++taken) {
    const auto message = consumer_->Poll(taken == 0 ? kPollMs : 0);
    if (!message.ok()) return message.status();
    if (!message->has_value()) break;
    watch_.Take(**message, clock_->UnixNanos());
  }
  return absl::OkStatus();
}

void WatchLoop::TellProgress() {
  const WatchCounts& counts = watch_.counts();
  const uint64_t taken = counts.rows + counts.skipped.total() + counts.read_again;
  if (const auto done = catch_up_.Tell(taken, consumer_->Lag())) progress_(*done, taken);
}

void WatchLoop::EvaluateDue(bool all) {
  const int64_t monotonic_ns = clock_->MonotonicNanos();
  const auto due = [&](const Watched& watched) { return all || monotonic_ns >= watched.next_ns; };
  if (std::none_of(watched_.begin(), watched_.end(), due)) return;
  Commit();
  auto snapshot = std::make_shared<driftserve::ObserverSnapshot>();
  snapshot->time_ns = clock_->UnixNanos();
  for (Watched& watched : watched_) {
    if (due(watched)) {
      watched.snapshot = watched.snapshots.Take(snapshot->time_ns);
      watched.next_ns = monotonic_ns + watched.version->settings().evaluate_every_ns;
    }
    if (watched.snapshot != nullptr) snapshot->models.push_back(watched.snapshot);
  }
  board_.Post(std::move(snapshot));
  ShareCounts();
  TellTroubles();
}

void WatchLoop::Commit() {
  if (consumer_->Commit(kCommitMs).ok()) {
    watch_.Committed();
  } else {
    ++commit_failures_;
  }
}

void WatchLoop::ShareCounts() {
  const WatchCounts& counts = watch_.counts();
  driftserve::ConsumerCounts shared;
  shared.rows = counts.rows;
  for (size_t i = 0; i < kSkipReasons; ++i) {
    const auto reason = static_cast<SkipReason>(i);
    shared.skipped.emplace_back(Name(reason), counts.skipped.count(reason));
  }
  shared.passed_over = counts.passed_over;
  shared.read_again = counts.read_again;
  shared.rebalances = rebalances_;
  shared.commit_failures = commit_failures_;
  shared.partitions = consumer_ == nullptr ? 0 : consumer_->partitions();
  shared.lag = consumer_ == nullptr ? 0 : consumer_->Lag();
  std::lock_guard lock(counts_mutex_);
  counts_ = std::move(shared);
}

// Once of each reason for which messages are skipped, and once of each outage.
void WatchLoop::TellTroubles() {
  const std::vector<std::string> sentences = watch_.counts().skipped.Describe();
  if (sentences.size() > told_reasons_) {
    for (const std::string& sentence : sentences) log_(sentence);
    told_reasons_ = sentences.size();
  }
  for (const Watched& watched : watched_) {
    if (told_strata_ || watched.version->other_stratum_rows() == 0) continue;
    told_strata_ = true;
    log_(Concat("model '", watched.version->reference().model_name,
                "': records of strata that are not known here count as 'other'; give the servers' monitor.yaml"));
  }
  const std::string trouble = consumer_->trouble();
  if (!trouble.empty() && !told_trouble_) log_(Concat("the broker is away, waiting for it: ", trouble));
  if (trouble.empty() && told_trouble_) log_("the broker is there again");
  told_trouble_ = !trouble.empty();
}

driftserve::ConsumerCounts WatchLoop::Counts() const {
  std::lock_guard lock(counts_mutex_);
  return counts_;
}

std::string WatchLoop::NotReady() const { return joined_ ? "" : "the group has given no partitions yet"; }

}  // namespace drift
