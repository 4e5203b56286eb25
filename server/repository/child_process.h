#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace driftserve {

/// File descriptors of a child as it finds them.
inline constexpr int kChildSharedMemory = 3;
inline constexpr int kChildSocket = 4;

/// A child process with a socket to it. It has no other open file of ours, a process group of its own, default
/// signals, and dies with its object. Not thread-safe.
class ChildProcess {
 public:
  /// Runs `program argument` with `shared_memory` as descriptor 3 and one end of a socket as descriptor 4.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Spawn(const std::string& program, const std::string& argument,
                                                             int shared_memory);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Our end of the socket.
  int socket() const { return socket_; }

  /// How it ended, as words: "crashed with signal 11 (Segmentation fault)". It has closed its end of the socket; one
  /// that is still there a moment later is killed.
  std::string End();

 private:
  ChildProcess(pid_t pid, int socket) : pid_(pid), socket_(socket) {}
  void Kill();

  pid_t pid_;  // 0: reaped
  const int socket_;
};

}  // namespace driftserve
