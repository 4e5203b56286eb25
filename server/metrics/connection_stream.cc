#include "server/metrics/connection_stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace driftserve {

ConnectionStream::ConnectionStream(int socket, const Clock* clock, int64_t read_ns, int64_t write_ns)
    : socket_(socket), clock_(clock), read_deadline_ns_(clock->MonotonicNanos() + read_ns), write_ns_(write_ns) {}

bool ConnectionStream::WaitFor(short event, int64_t deadline_ns) const {
  for (;;) {
    const int64_t left_ns = deadline_ns - clock_->MonotonicNanos();
    if (left_ns <= 0) return false;
    pollfd entry{socket_, event, 0};
    const int ready = poll(&entry, 1, static_cast<int>((left_ns + 999'999) / 1'000'000));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool ConnectionStream::is_readable() const { return begin_ < end_ || WaitFor(POLLIN, read_deadline_ns_); }
bool ConnectionStream::is_writable() const { return true; }  // write() itself waits

ssize_t ConnectionStream::read(char* bytes, size_t size) {
  if (begin_ == end_) {
    if (received_ >= kRequestBytes || !WaitFor(POLLIN, read_deadline_ns_)) {
      gave_up_ = true;
      return -1;
    }
    const ssize_t got = recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got <= 0) return got;
    received_ += static_cast<size_t>(got);
    begin_ = 0;
    end_ = static_cast<size_t>(got);
  }
  const size_t taken = std::min(size, end_ - begin_);
  std::memcpy(bytes, buffer_.data() + begin_, taken);
  begin_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t ConnectionStream::write(const char* bytes, size_t size) {
  if (write_deadline_ns_ == 0) write_deadline_ns_ = clock_->MonotonicNanos() + write_ns_;
  for (;;) {
    const ssize_t sent = send(socket_, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return sent;
    if (errno == EINTR) continue;
    if ((errno != EAGAIN && errno != EWOULDBLOCK) || !WaitFor(POLLOUT, write_deadline_ns_)) return -1;
  }
}

// Nothing here looks at who asks.
void ConnectionStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void ConnectionStream::get_local_ip_and_port(std::string& ip, int& port) const { get_remote_ip_and_port(ip, port); }

}  // namespace driftserve
