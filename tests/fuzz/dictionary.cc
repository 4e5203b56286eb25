#include "tests/fuzz/dictionary.h"

#include <cstdlib>
#include <fstream>

#include "tests/fuzz/require.h"

namespace driftserve {
namespace {

std::string Unescape(const std::string& quoted) {
  std::string token;
  for (size_t i = 1; i + 1 < quoted.size(); ++i) {
    if (quoted[i] != '\\') {
      token += quoted[i];
    } else if (quoted[i + 1] == 'x') {
      token += static_cast<char>(std::strtol(quoted.substr(i + 2, 2).c_str(), nullptr, 16));
      i += 3;
    } else {
      token += quoted[++i];
    }
  }
  return token;
}

}  // namespace

std::vector<std::string> ReadDictionary(const std::string& path) {
  std::ifstream file(path);
  Require(file.good(), "a dictionary that can be read");
  std::vector<std::string> tokens;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    Require(line.size() > 2 && line.front() == '"' && line.back() == '"', "a token in quotes on each line");
    tokens.push_back(Unescape(line));
  }
  return tokens;
}

}  // namespace driftserve
