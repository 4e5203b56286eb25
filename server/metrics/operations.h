#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/base/clock.h"
#include "server/metrics/http_server.h"
#include "server/metrics/metric_sources.h"
#include "server/observe/snapshot.h"
#include "server/publish/publisher.h"
#include "server/tap/label_inbox.h"
#include "server/tap/tap.h"

namespace prometheus {
class Collectable;
}

namespace driftserve {

/// What the operations port shows. Pointers may be null (then their part is absent) and must outlive Operations;
/// functions are called from many threads.
struct OperationsSources {
  BuildFacts build;
  ServingSource serving;
  std::function<std::string()> not_ready;  // why requests are not taken; empty text: ready
  const SnapshotBoard* board = nullptr;
  const Publisher* publisher = nullptr;
  const Tap* tap = nullptr;
  const LabelInbox* labels = nullptr;
  ConsumerSource consumer;  // of `drift watch`, which serves nothing: in place of what serving has to show
  GpuSource gpus;
};

/// The operations port: /metrics, /livez, /readyz, /version, /drift (JSON), /drift/<model> (a page; .json: its figures)
/// and / (a list of the pages). Everything is read only. Thread-safe after construction.
class Operations {
 public:
  explicit Operations(OperationsSources sources);
  ~Operations();

  /// Serves from now on until destroyed; errors as HttpServer::Start.
  absl::Status Listen(const HttpSettings& settings, const Clock* clock);
  int port() const { return server_->port(); }

  /// One request, without a socket.
  HttpReply Answer(const HttpRequest& request) const;

 private:
  HttpReply Metrics() const;
  HttpReply Ready() const;
  HttpReply Version() const;
  HttpReply Index() const;
  HttpReply DriftJson() const;
  HttpReply DriftOfModel(const HttpRequest& request) const;

  const OperationsSources sources_;
  std::vector<std::shared_ptr<prometheus::Collectable>> collectors_;
  std::unique_ptr<HttpServer> server_;
  std::atomic<const HttpServer*> counted_{nullptr};  // server_, for scrapes that come while Listen still runs
};

}  // namespace driftserve
