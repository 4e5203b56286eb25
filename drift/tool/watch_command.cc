#include "drift/tool/watch_command.h"

#include <utility>

#include "drift/profile/text.h"
#include "drift/tool/progress_bar.h"
#include "drift/tool/watch_loop.h"

namespace drift {
namespace {

absl::StatusOr<TopicConnection> ConnectionOf(const WatchOptions& options) {
  TopicConnection connection{options.brokers, options.topic, {}, options.timeout_ms};
  for (const std::string& text : options.kafka_config) {
    auto property = ParseKafkaProperty(text);
    if (!property.ok()) return property.status();
    connection.properties.push_back(*std::move(property));
  }
  return connection;
}

driftserve::OperationsSources SourcesOf(const WatchLoop& loop, const std::string& program) {
  driftserve::OperationsSources sources;
  const size_t space = program.find(' ');
  sources.build.program = program.substr(0, space);
  sources.build.version = space == program.npos ? "" : program.substr(space + 1);
  sources.not_ready = [&loop] { return loop.NotReady(); };
  sources.board = &loop.board();
  sources.consumer = [&loop] { return loop.Counts(); };
  return sources;
}

}  // namespace

int RunWatch(const WatchOptions& options, const Console& console, const driftserve::Clock& clock,
             const std::atomic<bool>& stop) {
  ProgressBar reading(console, "reading what is there", false);
  const auto log = [&console, &reading](const std::string& line) {
    reading.Clear();
    console.err << "drift watch: " << Printable(line) << std::endl;
  };
  const auto progress = [&reading](double done, uint64_t messages) {
    if (done < 1) return reading.Show(done, messages);
    reading.Clear();
  };
  const auto connection = ConnectionOf(options);
  if (!connection.ok()) return Complain(console, "watch", connection.status());
  std::vector<std::string> notes;
  auto versions = OpenWatched(options.models, clock.UnixNanos(), notes);
  if (!versions.ok()) return Complain(console, "watch", versions.status());
  for (const std::string& note : notes) log(note);
  WatchLoop loop(*std::move(versions), &clock, log, progress);
  driftserve::Operations operations(SourcesOf(loop, console.program));
  driftserve::HttpSettings http;
  http.address = options.metrics_address;
  if (const absl::Status bound = operations.Listen(http, &clock); !bound.ok()) {
    Complain(console, "watch", bound);
    return absl::IsInvalidArgument(bound) ? kBadInput : kUnreachable;
  }
  if (const absl::Status joined = loop.Join(*connection, options.group); !joined.ok()) {
    return Complain(console, "watch", joined);
  }
  log(Concat("topic ", options.topic, " at ", options.brokers, ", group ", options.group, ", metrics on port ",
             operations.port()));
  if (const absl::Status ended = loop.Run(stop); !ended.ok()) {
    Complain(console, "watch", ended);
    return kUnreachable;
  }
  log("ended, all committed");
  return kDone;
}

}  // namespace drift
