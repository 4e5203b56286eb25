#include "server/base/thread_place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <thread>

namespace driftserve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

TEST(ParseCpuList, ReadsWhatTasksetReads) {
  EXPECT_THAT(ParseCpuList(""), Optional(IsEmpty()));
  EXPECT_THAT(ParseCpuList("3"), Optional(ElementsAre(3)));
  EXPECT_THAT(ParseCpuList("8-10, 2,2"), Optional(ElementsAre(2, 8, 9, 10)));
  for (const char* wrong : {"all", "1-", "-1", "3-2", "1,,2", "1-2-3", "99999"}) {
    EXPECT_EQ(ParseCpuList(wrong), std::nullopt) << wrong;
  }
}

std::vector<int> Cpus() {
  cpu_set_t set;
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

TEST(PlaceThisThread, HoldsForTheThreadAndThoseItStarts) {
  const std::vector<int> all = Cpus();
  const int niceness = getpriority(PRIO_PROCESS, 0);
  std::thread([&] {
    EXPECT_EQ(PlaceThisThread({{all.back()}, 2}), "");
    EXPECT_THAT(Cpus(), ElementsAre(all.back()));
    std::thread([&] {
      EXPECT_THAT(Cpus(), ElementsAre(all.back()));
      EXPECT_EQ(getpriority(PRIO_PROCESS, 0), std::min(niceness + 2, 19));
    }).join();
  }).join();
  EXPECT_EQ(Cpus(), all) << "no other thread is moved";
  EXPECT_EQ(getpriority(PRIO_PROCESS, 0), niceness);
}

TEST(PlaceThisThread, SaysWhatTheKernelRefuses) {
  std::thread([] { EXPECT_THAT(PlaceThisThread({{CPU_SETSIZE - 1}, 0}), HasSubstr("CPUs 1023")); }).join();
}

}  // namespace
}  // namespace driftserve
