#pragma once

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace drift {

/// absl::string_view and std::string_view are two types in Debian's build of absl; these two bridge them.
inline absl::string_view AbslView(std::string_view text) { return absl::string_view(text.data(), text.size()); }

template <typename T>
const T& ConcatPart(const T& part) {
  return part;
}
inline absl::string_view ConcatPart(std::string_view part) { return AbslView(part); }

/// absl::StrCat that takes std::string_view too.
template <typename... Parts>
std::string Concat(const Parts&... parts) {
  return absl::StrCat(ConcatPart(parts)...);
}

/// "psi, ks, wasserstein".
template <typename Names>
std::string JoinNames(const Names& names) {
  std::string joined;
  for (const auto& name : names) joined += Concat(joined.empty() ? "" : ", ", name);
  return joined;
}

}  // namespace drift
