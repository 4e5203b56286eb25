#pragma once

#include <httplib.h>

#include <array>
#include <cstdint>
#include <string>

#include "server/base/clock.h"

namespace driftserve {

/// One accepted socket as the HTTP library reads and writes it, under a deadline for the whole request and one for
/// the whole reply: a client that sends or takes a byte now and then does not get more time for it. (The library's own
/// stream has a timeout per byte.) At most kRequestBytes are read.
///
/// Thread safety: the connection's thread only. Does not own the socket.
class ConnectionStream final : public httplib::Stream {
 public:
  static constexpr size_t kRequestBytes = 32 * 1024;

  ConnectionStream(int socket, const Clock* clock, int64_t read_ns, int64_t write_ns);

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* bytes, size_t size) override;
  ssize_t write(const char* bytes, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

  /// The request was not complete in time, or too large.
  bool gave_up() const { return gave_up_; }

 private:
  bool WaitFor(short event, int64_t deadline_ns) const;

  const int socket_;
  const Clock* const clock_;
  const int64_t read_deadline_ns_;
  const int64_t write_ns_;
  int64_t write_deadline_ns_ = 0;  // set by the first write
  size_t received_ = 0;
  size_t begin_ = 0, end_ = 0;  // of what is read ahead
  bool gave_up_ = false;
  std::array<char, 4096> buffer_;  // the library reads a header byte by byte
};

}  // namespace driftserve
