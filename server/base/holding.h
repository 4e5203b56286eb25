#pragma once

#include <atomic>
#include <cstdint>

namespace driftserve {

/// What the requests of one model that were accepted and have not run hold of the server's bounds. Thread-safe.
struct Holding {
  Holding() = default;
  Holding(const Holding&) noexcept {}  // another model's requests are not a copy's

  std::atomic<int64_t> requests{0};
  std::atomic<int64_t> bytes{0};
};

}  // namespace driftserve
