#include "drift/tool/console.h"

#include <utility>

#include "drift/report/text.h"

namespace drift {
namespace {

constexpr size_t kLongestLine = 20'000;

}  // namespace

std::string Printable(std::string_view lines) {
  std::string printable;
  while (true) {
    const size_t end = lines.find('\n');
    printable += Utf8(lines.substr(0, end), kLongestLine);
    if (end == lines.npos) return printable;
    printable += '\n';
    lines.remove_prefix(end + 1);
  }
}

int Complain(const Console& console, const std::string& command, const absl::Status& status) {
  console.err << "drift " << command << ": " << Printable(std::string(status.message())) << "\n";
  return kBadInput;
}

void Warn(const Console& console, const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) console.err << "warning: " << Printable(warning) << "\n";
}

void Outputs::Add(const std::string& path, std::string content) {
  if (path == "-") {
    standard_output_ += content;
  } else if (!path.empty()) {
    files_.push_back({path, std::move(content)});
  }
}

absl::Status Outputs::Write(const Console& console) const {
  if (const absl::Status status = WriteFilesAtomically(files_); !status.ok()) return status;
  console.out << standard_output_ << std::flush;
  return console.out.good() ? absl::OkStatus() : absl::UnavailableError("standard output: cannot be written");
}

}  // namespace drift
