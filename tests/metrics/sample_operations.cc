// Serves an operations port whose numbers move: synthetic drift of a few features, requests and records that grow.
// Prints the port, and ends when its standard input does. For tests of what reads the port.
#include <atomic>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "server/base/clock.h"
#include "server/metrics/operations.h"
#include "tests/fakes/fake_publisher.h"
#include "tests/metrics/watched.h"

namespace {

using namespace driftserve;  // NOLINT: a program of one file

// What happens between two scrapes: a few requests, a few rows.
void Serve(ServingCounters& counters, WatchedModel& watched, FakePublisher& publisher, uint64_t turn) {
  ServingSlot& slot = counters.slot(0);
  for (int i = 0; i < 100; ++i) {
    slot.requests[static_cast<size_t>(Method::kModelInfer)][0].Add();
    slot.request_duration.Observe(100'000);
    slot.queue_duration.Observe(20'000);
  }
  slot.execute_duration.Observe(60'000);
  slot.batch_rows.Observe(100);
  watched.seen().Count(0, 1, 0, 100);
  watched.kept()[1].Add(50);
  watched.labels().Add(LabelOutcome::kJoined, 40);
  OutgoingRecord record;
  record.seq = turn;
  publisher.Publish(std::move(record));
  publisher.Poll(nullptr);
}

// Bin counts only grow, as the rows do.
void PostTurn(SnapshotBoard& board, const std::shared_ptr<WatchedModel>& watched, uint64_t turn) {
  drift::Evaluation evaluation =
      MakeEvaluation({ReadyFeature("temp"), ReadyFeature("hour"), ReadyFeature("p_late", drift::Role::kPrediction),
                      ReadyFeature("late", drift::Role::kLabel)});
  evaluation.concept_drift = DriftedConcept();
  evaluation.time_ns = Clock::System().UnixNanos();
  drift::ViewResult view = evaluation.population;
  view.stratum = "UA";
  evaluation.strata = {view};
  std::vector<BinCounts> bins;
  for (const drift::FeatureResult& feature : evaluation.population.features) {
    bins.push_back({feature.name, "UA", 77, {"(-inf, 3]", "(3, inf)", "missing"}, {40 * turn, 4 * turn, 6 * turn}});
  }
  Post(board, watched, std::move(evaluation), std::move(bins));
}

}  // namespace

int main() {
  SnapshotBoard board;
  FakePublisher publisher;
  Tap tap(TapLimits{});
  tap.AddProducer();
  auto watched = MakeWatched("flight_delay", {"UA"});
  auto counters = std::make_shared<ServingCounters>(1);
  OperationsSources sources;
  sources.build = {"0.1.0", "", ""};
  sources.serving = [counters] { return ServingState{{{"flight_delay", "2", true, counters}}, 1, 100}; };
  sources.board = &board;
  sources.publisher = &publisher;
  sources.tap = &tap;
  Operations operations(sources);
  PostTurn(board, watched, 0);
  if (!operations.Listen({"127.0.0.1:0", 64, 1000, 5000}, &Clock::System()).ok()) return 1;
  std::cout << operations.port() << std::endl;

  // A turn for every line that comes.
  std::string line;
  for (uint64_t turn = 1; std::getline(std::cin, line); ++turn) {
    Serve(*counters, *watched, publisher, turn);
    PostTurn(board, watched, turn);
  }
  return 0;
}
