#include "drift/tool/console.h"

#include "drift/profile/text_file.h"

namespace drift {

int Complain(const Console& console, const std::string& command, const absl::Status& status) {
  console.err << "drift " << command << ": " << std::string(status.message()) << "\n";
  return kBadInput;
}

absl::Status WriteOutput(const Console& console, const std::string& path, const std::string& content) {
  if (path != "-") return WriteFileAtomically(path, content);
  console.out << content << std::flush;
  return console.out.good() ? absl::OkStatus() : absl::UnavailableError("standard output: cannot be written");
}

}  // namespace drift
