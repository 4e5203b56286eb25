// Milliseconds of GET /metrics over loopback, uncompressed, with 50 features in 4 strata.
#include <algorithm>
#include <cstdio>
#include <vector>

#include "server/base/clock.h"
#include "server/metrics/operations.h"
#include "tests/metrics/raw_client.h"
#include "tests/metrics/watched.h"

int main() {
  using namespace driftserve;  // NOLINT: a program of one function
  SnapshotBoard board;
  PostLarge(board, 50, 4);
  OperationsSources sources;
  sources.board = &board;
  Operations operations(sources);
  if (!operations.Listen({"127.0.0.1:0", 8, 1000, 5000}, &Clock::System()).ok()) return 1;
  const Clock& clock = Clock::System();
  std::vector<double> whole, render;
  size_t bytes = 0;
  for (int i = 0; i < 101; ++i) {
    const int64_t start = clock.MonotonicNanos();
    bytes = RawClient(operations.port()).Get("/metrics").size();
    const int64_t middle = clock.MonotonicNanos();
    operations.Answer({"/metrics", {}});
    whole.push_back(static_cast<double>(middle - start) / 1e6);
    render.push_back(static_cast<double>(clock.MonotonicNanos() - middle) / 1e6);
  }
  std::sort(whole.begin(), whole.end());
  std::sort(render.begin(), render.end());
  std::printf(
      "GET /metrics, 50 features x 4 strata, %zu bytes: median %.2f ms, 99th %.2f ms; rendering alone %.2f ms\n", bytes,
      whole[50], whole[99], render[50]);
  return 0;
}
