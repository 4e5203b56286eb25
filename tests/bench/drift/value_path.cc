// The path of one value into a window, for valgrind: adds ROWS rows of 50 values and prints nothing.

#include <cstdlib>

#include "tests/bench/drift/watched_model.h"

int main(int count, char** arguments) {
  using namespace drift::testing;
  const int rows = count > 1 ? std::atoi(arguments[1]) : 0;
  const auto traffic = Traffic(50, 100);
  drift::Window window(WatchedModel(50), {"all"}, {});
  for (int i = 0; i < rows; ++i) {
    if (!window.Add(kMinute / 1000 * i, 0, 1.0, 1, traffic[static_cast<std::size_t>(i) % traffic.size()])) return 1;
  }
  return 0;
}
