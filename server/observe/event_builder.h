#pragma once

#include <cstdint>
#include <string>

#include "drift/evaluation.h"
#include "server/base/log.h"
#include "server/publish/publisher.h"
#include "server/sample/watched_model.h"

namespace driftserve {

/// Where the events of one boot come from and go to.
struct EventOrigin {
  uint64_t boot_id = 0;
  std::string source;
  std::string topic;
};

/// The Kafka message of a state change: key "<model>/<feature>", of concept drift "<model>/concept", CloudEvents
/// headers, value driftserve.v1.DriftEvent as JSON, keys spelled as in the .proto file, what is not known left out.
/// ce_id is "<boot id>-e<seq>".
OutgoingRecord BuildEvent(const WatchedModelSettings& model, const drift::Evaluation& evaluation,
                          const drift::StateChange& change, const EventOrigin& origin, uint64_t seq);

/// The same as a line for people, and how loud: a warning where something starts to drift or goes stale.
std::string DescribeChange(const WatchedModelSettings& model, const drift::StateChange& change);
LogLevel LevelOf(const drift::StateChange& change);

/// Whether people want a line: changes of the population from or to anything but warming and observing. The strata, and
/// what only becomes ready, are in the events topic and the metrics.
bool IsNews(const drift::StateChange& change);

}  // namespace driftserve
