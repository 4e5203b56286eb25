// make_test_repository --out FOLDER [--watched]: see model_repository.h.
#include <cstdio>
#include <cstring>
#include <string>

#include "tests/fakes/model_repository.h"

int main(int argc, char** argv) {
  std::string folder;
  bool watched = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--watched") == 0) {
      watched = true;
    } else if (std::strcmp(argv[i], "--out") == 0 && i + 1 < argc) {
      folder = argv[++i];
    } else {
      folder.clear();
      break;
    }
  }
  if (folder.empty()) {
    std::fprintf(stderr, "usage: make_test_repository --out FOLDER [--watched]\n");
    return 2;
  }
  driftserve::fakes::WriteModelRepository(folder, watched);
  return 0;
}
