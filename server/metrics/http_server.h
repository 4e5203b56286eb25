#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/clock.h"

namespace driftserve {

struct HttpRequest {
  std::string path;  // decoded, without the query
  std::map<std::string, std::string> query;
};

struct HttpReply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::map<std::string, std::string> headers;
};

struct HttpSettings {
  std::string address = "127.0.0.1:0";  // host:port, [v6]:port; port 0: any that is free
  int max_connections = 64;
  int64_t read_timeout_ms = 1000;   // for a whole request
  int64_t write_timeout_ms = 5000;  // for a whole reply
};

/// Connections since the start, by how they ended. Each is in exactly one, or still open.
struct HttpCounts {
  uint64_t served = 0;
  uint64_t refused = 0;     // above max_connections
  uint64_t incomplete = 0;  // no whole request in time, or one larger than any of ours
};

/// A small HTTP/1.1 server for pages that are only read: GET and HEAD (anything else: 405), one request a connection,
/// gzip where the client takes it, never brotli (half a second for one scrape).
///
/// Thread safety: the handler is called by many threads at a time; everything else by the owner. Each connection has a
/// thread of its own, so a slow client delays no other; connections above the limit are closed and counted.
class HttpServer {
 public:
  using Handler = std::function<HttpReply(const HttpRequest&)>;

  /// Binds and serves until destroyed. UNAVAILABLE names the address and why it cannot be bound, INVALID_ARGUMENT an
  /// address that is none.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const HttpSettings& settings, const Clock* clock,
                                                           Handler handler);
  ~HttpServer();

  /// The port that is listened on, also where the settings said 0.
  int port() const;
  HttpCounts Counts() const;

 private:
  class Listener;
  explicit HttpServer(std::unique_ptr<Listener> listener);

  std::unique_ptr<Listener> listener_;
};

}  // namespace driftserve
