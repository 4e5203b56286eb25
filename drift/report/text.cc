#include "drift/report/text.h"

#include <algorithm>
#include <cstdint>

namespace drift {
namespace {

bool Continues(std::string_view bytes, std::size_t at) {
  return at < bytes.size() && (static_cast<unsigned char>(bytes[at]) & 0xC0) == 0x80;
}

// Length of the well-formed character at `at` (RFC 3629: no overlong forms, no surrogates); 0 where there is none.
std::size_t CharacterLength(std::string_view bytes, std::size_t at) {
  const auto first = static_cast<unsigned char>(bytes[at]);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xC2 && first < 0xE0   ? 2
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!Continues(bytes, at + i)) return 0;
  }
  if (length < 3) return length;
  const auto second = static_cast<unsigned char>(bytes[at + 1]);
  const bool wrong = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                     (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return wrong ? 0 : length;
}

// DEL, C0, C1, and what ends lines or turns the direction of writing (U+2028 to U+202E, U+2066 to U+2069): none of them
// is to reach a page or a terminal.
bool IsControl(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  if (first == 0xE2) {
    return (character >= "\xE2\x80\xA8" && character <= "\xE2\x80\xAE") ||
           (character >= "\xE2\x81\xA6" && character <= "\xE2\x81\xA9");
  }
  return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

void AppendHex(std::string_view bytes, std::string& text) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const char byte : bytes) {
    text += "\\x";
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
}

}  // namespace

std::string Utf8(std::string_view bytes, std::size_t limit) {
  // Nearly all names are short and plain, and a scrape has thousands of them.
  const auto plain_byte = [](char c) { return c >= 0x20 && c < 0x7F; };
  if (bytes.size() <= limit && std::all_of(bytes.begin(), bytes.end(), plain_byte)) return std::string(bytes);
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = CharacterLength(bytes, at);
    const std::string_view piece = bytes.substr(at, length == 0 ? 1 : length);
    const bool plain = length > 0 && !IsControl(piece);
    if (text.size() + (plain ? length : 4 * piece.size()) > limit) return text + "…";
    if (plain) {
      text += piece;
    } else {
      AppendHex(piece, text);
    }
    at += piece.size();
  }
  return text;
}

std::string Html(std::string_view bytes, std::size_t limit) {
  std::string html;
  for (const char c : Utf8(bytes, limit)) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

}  // namespace drift
