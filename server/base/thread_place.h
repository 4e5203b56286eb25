#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace driftserve {

/// Where a thread may run, and how readily it gives way to others. Threads that it starts inherit both.
struct ThreadPlace {
  std::vector<int> cpus;  // empty: any
  int niceness = 0;       // 0 (as every other thread) to 19 (only what nobody else wants); added to the process's own

  bool anywhere() const { return cpus.empty() && niceness == 0; }
};

/// The CPUs of a list as taskset writes it, "0,2-3", ascending; none for an empty text, nothing for one that is no such
/// list.
std::optional<std::vector<int>> ParseCpuList(std::string_view text);

/// Puts the calling thread into `place`. What the kernel refuses, for people; empty where it took all.
std::string PlaceThisThread(const ThreadPlace& place);

}  // namespace driftserve
