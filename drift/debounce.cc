#include "drift/debounce.h"

#include <algorithm>
#include <bit>

namespace drift {

Debounce::Debounce(int hits, int of) {
  const int length = std::clamp(of, 1, 32);
  hits_ = std::clamp(hits, 1, length);
  mask_ = length == 32 ? ~std::uint32_t{0} : (std::uint32_t{1} << length) - 1;
}

bool Debounce::Update(bool enter, bool leave) {
  entering_ = (entering_ << 1 | (enter ? 1u : 0u)) & mask_;
  leaving_ = (leaving_ << 1 | (leave ? 1u : 0u)) & mask_;
  const std::uint32_t speaking = active_ ? leaving_ : entering_;
  if (std::popcount(speaking) >= hits_) {
    active_ = !active_;
    entering_ = leaving_ = 0;
  }
  return active_;
}

}  // namespace drift
