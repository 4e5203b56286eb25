#pragma once

#include <string>
#include <vector>

namespace driftserve {

/// The tokens of a dictionary in libFuzzer's form: a line each, in quotes, with \\, \" and \xNN; lines that begin
/// with # are comments. Ends the program where a line is none.
std::vector<std::string> ReadDictionary(const std::string& path);

}  // namespace driftserve
