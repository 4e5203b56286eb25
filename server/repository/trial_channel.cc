#include "server/repository/trial_channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace driftserve {
namespace {

// A configuration is at most 4 MiB.
constexpr uint32_t kMaxMessageBytes = 16u << 20;
// What one system call may move is bounded; this is below the bound.
constexpr size_t kMaxChunk = size_t{1} << 30;

// Calls `move(at, size)` until all is moved.
template <typename Move>
bool MoveWhole(size_t size, Move&& move) {
  for (size_t at = 0; at < size;) {
    const ssize_t count = move(at, std::min(size - at, kMaxChunk));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += static_cast<size_t>(count);
  }
  return true;
}

bool Send(int socket, const char* bytes, size_t size) {
  return MoveWhole(size, [&](size_t at, size_t left) { return send(socket, bytes + at, left, MSG_NOSIGNAL); });
}

bool Receive(int socket, char* bytes, size_t size) {
  return MoveWhole(size, [&](size_t at, size_t left) { return recv(socket, bytes + at, left, 0); });
}

}  // namespace

bool SendMessage(int socket, const google::protobuf::MessageLite& message) {
  const std::string bytes = message.SerializeAsString();
  const uint32_t size = static_cast<uint32_t>(bytes.size());
  return Send(socket, reinterpret_cast<const char*>(&size), sizeof(size)) && Send(socket, bytes.data(), bytes.size());
}

bool ReceiveMessage(int socket, google::protobuf::MessageLite& message) {
  uint32_t size = 0;
  if (!Receive(socket, reinterpret_cast<char*>(&size), sizeof(size)) || size > kMaxMessageBytes) return false;
  std::string bytes(size, '\0');
  return Receive(socket, bytes.data(), bytes.size()) && message.ParseFromString(bytes);
}

bool WriteWhole(int file, const std::string& bytes) {
  return MoveWhole(bytes.size(), [&](size_t at, size_t left) {
    return pwrite(file, bytes.data() + at, left, static_cast<off_t>(at));
  });
}

bool ReadWhole(int file, std::string& bytes) {
  return MoveWhole(bytes.size(), [&](size_t at, size_t left) {
    return pread(file, bytes.data() + at, left, static_cast<off_t>(at));
  });
}

}  // namespace driftserve
