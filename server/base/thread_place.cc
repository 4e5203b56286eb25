#include "server/base/thread_place.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "server/base/text.h"

namespace driftserve {
namespace {

std::string SetCpus(const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof(set), &set) == 0) return {};
  return Concat("the kernel does not let it run on CPUs ", Join(cpus, ","), ": ", std::strerror(errno));
}

// Linux keeps a niceness per thread; 0 as the id is the calling one.
std::string SetNiceness(int niceness) {
  errno = 0;
  const int now = getpriority(PRIO_PROCESS, 0);
  if (errno == 0 && setpriority(PRIO_PROCESS, 0, std::min(now + niceness, 19)) == 0) return {};
  return Concat("the kernel does not let its niceness grow by ", niceness, ": ", std::strerror(errno));
}

}  // namespace

std::optional<std::vector<int>> ParseCpuList(std::string_view text) {
  std::set<int> cpus;
  if (Trim(text).empty()) return std::vector<int>();
  for (const std::string_view part : Split(text, ',')) {
    const std::vector<std::string_view> ends = Split(part, '-');
    const std::optional<int> first = ParseWhole<int>(Trim(ends.front())), last = ParseWhole<int>(Trim(ends.back()));
    if (ends.size() > 2 || !first || !last || *first < 0 || *last < *first || *last >= CPU_SETSIZE) return std::nullopt;
    for (int cpu = *first; cpu <= *last; ++cpu) cpus.insert(cpu);
  }
  return std::vector<int>(cpus.begin(), cpus.end());
}

std::string PlaceThisThread(const ThreadPlace& place) {
  std::string faults;
  if (!place.cpus.empty()) faults = SetCpus(place.cpus);
  if (place.niceness == 0) return faults;
  const std::string refused = SetNiceness(place.niceness);
  return faults.empty() || refused.empty() ? faults + refused : Concat(faults, "; ", refused);
}

}  // namespace driftserve
