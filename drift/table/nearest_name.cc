#include "drift/table/nearest_name.h"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace drift {
namespace {

constexpr size_t kLongestName = 256;
constexpr size_t kShortestPart = 3;

std::string Plain(std::string_view name) {
  std::string plain;
  for (const char c : name.substr(0, kLongestName)) {
    if (c != '_' && c != '-' && c != ' ' && c != '.') {
      plain.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    }
  }
  return plain;
}

/// Levenshtein's distance.
size_t Changes(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string NearestName(std::string_view wanted, const std::vector<std::string>& names) {
  const std::string plain = Plain(wanted);
  std::string nearest;
  size_t fewest = std::max<size_t>(1, plain.size() / 3) + 1;
  for (const std::string& name : names) {
    const std::string other = Plain(name);
    size_t changes = Changes(plain, other);
    const bool within = std::min(plain.size(), other.size()) >= kShortestPart &&
                        (plain.find(other) != std::string::npos || other.find(plain) != std::string::npos);
    if (within) changes = std::min<size_t>(changes, 1);
    if (changes < fewest) {
      fewest = changes;
      nearest = name;
    }
  }
  return nearest;
}

}  // namespace drift
