#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace driftserve {

/// Appends one piece: anything that converts to a text view, a character, or a number. (Debian's absl::StrCat knows
/// no std::string_view.)
template <typename Piece>
void AppendPiece(std::string& text, const Piece& piece) {
  if constexpr (std::is_same_v<Piece, char>) {
    text.push_back(piece);
  } else if constexpr (std::is_convertible_v<const Piece&, std::string_view>) {
    text.append(std::string_view(piece));
  } else if constexpr (requires { piece.data(); piece.size(); }) {
    text.append(piece.data(), piece.size());  // absl::string_view
  } else {
    text.append(std::to_string(piece));
  }
}

/// All pieces, one after the other.
template <typename... Pieces>
std::string Concat(const Pieces&... pieces) {
  std::string text;
  (AppendPiece(text, pieces), ...);
  return text;
}

/// The elements of `range`, `separator` between them.
template <typename Range>
std::string Join(const Range& range, std::string_view separator) {
  std::string text;
  bool first = true;
  for (const auto& element : range) {
    if (!first) text.append(separator);
    first = false;
    AppendPiece(text, element);
  }
  return text;
}

/// The parts of `text` between separators; one empty part for an empty text.
inline std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0;;) {
    const size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end == text.npos ? end : end - begin));
    if (end == text.npos) return parts;
    begin = end + 1;
  }
}

/// `text` without white space at its ends.
inline std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  return begin == text.npos ? std::string_view() : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

/// The whole of `text` as a decimal number; nothing where it is none or does not fit.
template <typename Number>
std::optional<Number> ParseWhole(std::string_view text) {
  Number value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace driftserve
