// The path of values into a window, for valgrind to count its instructions: ROWS rows of 50 values, 1000 a pane.

#include <cstdlib>

#include "tests/drift/watched_model.h"

int main(int count, char** arguments) {
  using namespace drift::testing;
  constexpr int kFeatures = 50;
  const int rows = count > 1 ? std::atoi(arguments[1]) : 0;
  const auto traffic = Traffic(kFeatures, 100);
  drift::Window window(WatchedModel(kFeatures, 2000), {"all"}, {});
  for (int i = 0; i < rows; ++i) {
    if (!window.Add(kMinute / 1000 * i, 0, 1.0, 1, traffic[static_cast<std::size_t>(i) % traffic.size()])) return 1;
  }
  return 0;
}
