#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace drift {

/// `bytes` as valid UTF-8 without control characters: every byte that is not part of a character, and every control
/// character, becomes \xNN. Names of features and categories are whatever the training file held. Of more than
/// `limit` bytes the first ones are kept, whole characters, and "…" follows.
std::string Utf8(std::string_view bytes, std::size_t limit = 200);

/// Utf8(), escaped for HTML text and for attributes in double quotes.
std::string Html(std::string_view bytes, std::size_t limit = 200);

/// Appends every piece of text.
template <typename... Pieces>
void Append(std::string& text, const Pieces&... pieces) {
  ((text += pieces), ...);
}

}  // namespace drift
