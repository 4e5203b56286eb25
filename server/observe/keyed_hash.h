#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace driftserve {

/// A secret of 16 bytes.
using HashKey = std::array<uint64_t, 2>;

/// From 32 hexadecimal digits; nothing for any other text.
std::optional<HashKey> HashKeyFromText(std::string_view text);

/// SipHash-2-4 (Aumasson and Bernstein 2012) of `bytes` under `key`, as 8 little-endian bytes: stands for a text that
/// must not leave the server. Who does not know the key cannot try texts against it, as he could with a plain hash.
std::string KeyedHash(std::string_view bytes, const HashKey& key);

}  // namespace driftserve
