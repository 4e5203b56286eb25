#include "deploy/demo/progress.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

namespace driftserve {
namespace {

constexpr int64_t kDrawEveryNs = 200'000'000;
constexpr size_t kBarWidth = 40;
constexpr std::array<const char*, 12> kMonths = {"January", "February", "March",     "April",   "May",      "June",
                                                 "July",    "August",   "September", "October", "November", "December"};

double Seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

}  // namespace

Progress::Progress(size_t total, int64_t now_ns)
    : total_(total), terminal_(isatty(STDERR_FILENO) == 1), start_ns_(now_ns), drawn_ns_(now_ns) {}

void Progress::Update(int month, size_t done, uint64_t failed, int64_t now_ns) {
  if (terminal_ && now_ns - drawn_ns_ >= kDrawEveryNs) Draw(month, done, failed, now_ns);
}

void Progress::MonthEnded(int month, size_t done, uint64_t failed, int64_t now_ns) {
  if (terminal_) {
    Draw(month, done, failed, now_ns);
    if (done == total_) std::fputc('\n', stderr);
    return;
  }
  const double seconds = Seconds(now_ns - drawn_ns_);
  std::fprintf(stderr, "replay: %-9s done at %5.1f s: %zu of %zu flights, %.0f requests/s, %llu failed\n",
               kMonths[month - 1], Seconds(now_ns - start_ns_), done, total_,
               static_cast<double>(done - drawn_done_) / (seconds > 0 ? seconds : 1),
               static_cast<unsigned long long>(failed));
  drawn_ns_ = now_ns;
  drawn_done_ = done;
}

void Progress::Draw(int month, size_t done, uint64_t failed, int64_t now_ns) {
  const double seconds = Seconds(now_ns - drawn_ns_);
  if (seconds > 0) rate_ = static_cast<double>(done - drawn_done_) / seconds;
  drawn_ns_ = now_ns;
  drawn_done_ = done;
  const size_t filled = done * kBarWidth / total_;
  const std::string bar = std::string(filled, '#') + std::string(kBarWidth - filled, '.');
  std::fprintf(stderr, "\r%-9s [%s] %3zu%%  %zu flights  %5.0f requests/s  %llu failed ", kMonths[month - 1],
               bar.c_str(), done * 100 / total_, done, rate_, static_cast<unsigned long long>(failed));
  std::fflush(stderr);
}

}  // namespace driftserve
