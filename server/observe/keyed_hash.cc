#include "server/observe/keyed_hash.h"

#include <bit>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/ascii.h"

namespace driftserve {
namespace {

uint64_t Word(const char* bytes, size_t size) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, size);
  return word;
}

struct SipState {
  uint64_t v0, v1, v2, v3;

  void Round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void Absorb(uint64_t word) {
    v3 ^= word;
    Round();
    Round();
    v0 ^= word;
  }
};

}  // namespace

std::optional<HashKey> HashKeyFromText(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  for (const char c : text) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
  }
  const std::string bytes = absl::HexStringToBytes(absl::string_view(text.data(), text.size()));
  return HashKey{Word(bytes.data(), 8), Word(bytes.data() + 8, 8)};
}

std::string KeyedHash(std::string_view bytes, const HashKey& key) {
  SipState state = {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du, key[0] ^ 0x6c7967656e657261u,
                    key[1] ^ 0x7465646279746573u};
  size_t at = 0;
  for (; bytes.size() - at >= 8; at += 8) state.Absorb(Word(bytes.data() + at, 8));
  state.Absorb(Word(bytes.data() + at, bytes.size() - at) | uint64_t{bytes.size()} << 56);
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) state.Round();
  const uint64_t hash = state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
  char text[sizeof(hash)];
  std::memcpy(text, &hash, sizeof(hash));
  return std::string(text, sizeof(text));
}

}  // namespace driftserve
