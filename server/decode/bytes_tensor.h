#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace driftserve {

/// Walks the elements of a BYTES tensor: per element a 4-byte little-endian length and that many bytes.
class BytesReader {
 public:
  BytesReader(const char* bytes, size_t size) : next_(bytes), left_(size) {}

  /// The next element; nothing at the end or where the bytes break off inside an element (see at_end).
  std::optional<std::string_view> Next() {
    if (left_ < sizeof(uint32_t)) return std::nullopt;
    uint32_t length;
    std::memcpy(&length, next_, sizeof(length));
    if (length > left_ - sizeof(length)) return std::nullopt;
    const std::string_view element(next_ + sizeof(length), length);
    next_ += sizeof(length) + length;
    left_ -= sizeof(length) + length;
    return element;
  }

  bool at_end() const { return left_ == 0; }
  const char* position() const { return next_; }

 private:
  const char* next_;
  size_t left_;
};

/// Appends one element to the bytes of a BYTES tensor. REQUIRES: fewer than 2^32 bytes.
void AppendBytesElement(std::string_view element, std::string& bytes);

}  // namespace driftserve
