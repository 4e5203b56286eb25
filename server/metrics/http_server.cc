#include "server/metrics/http_server.h"

#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "server/base/counter.h"
#include "server/base/text.h"
#include "server/metrics/connection_stream.h"
#include "server/metrics/connection_threads.h"

namespace driftserve {
namespace {

constexpr char kOption[] = "set operations.address (--operations-address)";
constexpr int kBacklog = 128;

struct HostPort {
  std::string host;
  int port;
};

std::optional<HostPort> ParseAddress(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == address.npos || colon == 0) return std::nullopt;
  std::string_view host = address.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const std::optional<int> port = ParseWhole<int>(address.substr(colon + 1));
  if (host.empty() || !port || *port < 0 || *port > 65535) return std::nullopt;
  return HostPort{std::string(host), *port};
}

// The library's own default lets a second process listen on the same port unseen.
void ReuseAddress(int socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

}  // namespace

// The library's server, with this project's way of reading a connection.
class HttpServer::Listener final : public httplib::Server {
 public:
  Listener(const HttpSettings& settings, const Clock* clock, HttpServer::Handler handler)
      : settings_(settings), clock_(clock), handler_(std::move(handler)) {
    new_task_queue = [this] { return new ConnectionThreads(static_cast<size_t>(settings_.max_connections)); };
    set_socket_options(ReuseAddress);
    set_tcp_nodelay(true);
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      Answer(request, response);
      return HandlerResponse::Handled;
    });
  }

  ~Listener() override {
    if (!thread_.joinable()) return;
    while (!is_running()) std::this_thread::yield();  // stop() before the accept loop would be lost
    stopping_ = true;
    stop();
    {
      std::lock_guard lock(mutex_);
      for (const int socket : open_) ::shutdown(socket, SHUT_RDWR);  // whoever waits for a client stops waiting
    }
    thread_.join();
  }

  absl::Status Open() {
    const std::optional<HostPort> address = ParseAddress(settings_.address);
    if (!address) {
      return absl::InvalidArgumentError(
          Concat("operations.address \"", settings_.address, "\": expected host:port; ", kOption));
    }
    errno = 0;
    if (address->port == 0) {
      port_ = bind_to_any_port(address->host);
    } else {
      port_ = bind_to_port(address->host, address->port) ? address->port : -1;
    }
    if (port_ < 0) {
      return absl::UnavailableError(Concat("cannot listen on operations.address ", settings_.address, ": ",
                                           errno ? std::strerror(errno) : "no such host", "; ", kOption));
    }
    ::listen(svr_sock_, kBacklog);  // the library's own backlog is 5: a sixth caller at once would wait a second
    thread_ = std::thread([this] { listen_after_bind(); });
    return absl::OkStatus();
  }

  int port() const { return port_; }
  HttpCounts Counts() const { return {served_.Read(), refused_.Read(), incomplete_.Read()}; }

 private:
  // Called by a connection's thread, or by the accepting one for a connection above the limit.
  bool process_and_close_socket(socket_t socket) override {
    if (ConnectionThreads::refusing()) {
      refused_.Add();
      ::close(socket);
      return false;
    }
    {
      std::lock_guard lock(mutex_);
      open_.insert(socket);
      if (stopping_) ::shutdown(socket, SHUT_RDWR);
    }
    const bool done = Serve(socket);
    {
      std::lock_guard lock(mutex_);
      open_.erase(socket);
    }
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
    return done;
  }

  bool Serve(int socket) {
    ConnectionStream stream(socket, clock_, settings_.read_timeout_ms * 1'000'000,
                            settings_.write_timeout_ms * 1'000'000);
    bool closed = false;
    bool answered = false;
    const auto plain = [&answered](httplib::Request& request) {
      answered = true;
      // What the library would do with these is not wanted: brotli, and parts of a page.
      const bool gzip = request.get_header_value("Accept-Encoding").find("gzip") != std::string::npos;
      request.headers.erase("Accept-Encoding");
      if (gzip) request.headers.emplace("Accept-Encoding", "gzip");
      request.headers.erase("Range");
      request.ranges.clear();
    };
    const bool done = process_request(stream, /*close_connection=*/true, closed, plain);
    // Counted as served once there was a whole request, whatever the reply was.
    (answered ? served_ : incomplete_).Add();
    return done;
  }

  void Answer(const httplib::Request& request, httplib::Response& response) const {
    HttpReply reply;
    if (request.method == "GET" || request.method == "HEAD") {
      HttpRequest asked{request.path, {}};
      for (const auto& [name, value] : request.params) asked.query.emplace(name, value);
      reply = handler_(asked);
    } else {
      reply = {405,
               "text/plain; charset=utf-8",
               Concat(request.method, " is not for this port: GET or HEAD\n"),
               {{"Allow", "GET, HEAD"}}};
    }
    response.status = reply.status;
    for (const auto& [name, value] : reply.headers) response.set_header(name, value);
    response.set_content(std::move(reply.body), reply.content_type);
  }

  const HttpSettings settings_;
  const Clock* const clock_;
  const HttpServer::Handler handler_;
  int port_ = -1;
  std::thread thread_;
  SharedCounter served_, refused_, incomplete_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;  // guards open_
  std::set<int> open_;
};

HttpServer::HttpServer(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}
HttpServer::~HttpServer() = default;

int HttpServer::port() const { return listener_->port(); }
HttpCounts HttpServer::Counts() const { return listener_->Counts(); }

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpSettings& settings, const Clock* clock,
                                                              Handler handler) {
  auto listener = std::make_unique<Listener>(settings, clock, std::move(handler));
  if (absl::Status status = listener->Open(); !status.ok()) return status;
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(listener)));
}

}  // namespace driftserve
