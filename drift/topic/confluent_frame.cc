#include "drift/topic/confluent_frame.h"

namespace drift {
namespace {

constexpr size_t kIdBytes = 4;
constexpr int64_t kDeepestMessage = 32;  // levels of nesting

/// Takes a zigzag varint of at most 32 bits off the front.
std::optional<int64_t> TakeVarint(std::string_view& bytes) {
  uint64_t bits = 0;
  for (int shift = 0; shift < 35 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    bits |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1);
  }
  return std::nullopt;
}

}  // namespace

bool IsConfluentFramed(std::string_view value) { return !value.empty() && value.front() == '\0'; }

std::optional<ConfluentFrame> ReadConfluentFrame(std::string_view value) {
  if (!IsConfluentFramed(value) || value.size() < 1 + kIdBytes) return std::nullopt;
  ConfluentFrame frame;
  for (size_t i = 1; i <= kIdBytes; ++i) frame.schema_id = frame.schema_id << 8 | static_cast<unsigned char>(value[i]);
  frame.payload = value.substr(1 + kIdBytes);
  const auto levels = TakeVarint(frame.payload);
  if (!levels || *levels < 0 || *levels > kDeepestMessage) return std::nullopt;
  for (int64_t level = 0; level < *levels; ++level) {
    const auto index = TakeVarint(frame.payload);
    if (!index || *index < 0) return std::nullopt;
  }
  return frame;
}

}  // namespace drift
