#pragma once

#include <ATen/Parallel.h>

namespace driftserve {

/// Makes this thread's runs use so many threads: the number of OpenMP's threads belongs to each calling thread.
inline void UseIntraOpThreads(int threads) {
  thread_local int used = 0;
  if (used == threads) return;
  used = threads;
  at::set_num_threads(used);
}

}  // namespace driftserve
