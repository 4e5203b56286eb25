#ifndef DRIFT_UNSET_DOUBLES_H_
#define DRIFT_UNSET_DOUBLES_H_

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace drift {

// Leaves what resize() adds unset: for numbers that are all written next, where setting them to 0 first is a good part
// of the work.
template <typename Number>
struct UnsetAllocator : std::allocator<Number> {
  template <typename Other>
  struct rebind {
    using other = UnsetAllocator<Other>;
  };
  template <typename Other>
  void construct(Other* at) noexcept {
    static_assert(std::is_trivially_destructible_v<Other>);
    ::new (static_cast<void*>(at)) Other;
  }
  template <typename Other, typename... Arguments>
  void construct(Other* at, Arguments&&... arguments) {
    ::new (static_cast<void*>(at)) Other(std::forward<Arguments>(arguments)...);
  }
};

using UnsetDoubles = std::vector<double, UnsetAllocator<double>>;

}  // namespace drift

#endif  // DRIFT_UNSET_DOUBLES_H_
