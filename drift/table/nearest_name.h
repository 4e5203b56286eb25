#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drift {

/// The name of `names` that `wanted` was most likely renamed to: fewest changed letters, capitals and `_`, `-` and
/// blanks alike, or one name within the other. Empty where none is near.
std::string NearestName(std::string_view wanted, const std::vector<std::string>& names);

}  // namespace drift
