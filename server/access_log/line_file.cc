#include "server/access_log/line_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "server/base/text.h"

namespace driftserve {
namespace {

bool WriteAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

class LineFile {
 public:
  explicit LineFile(std::string path) : path_(std::move(path)) {}
  ~LineFile() { Close(); }
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  bool Open() {
    Close();
    descriptor_ = open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    return descriptor_ >= 0;
  }

  bool Write(const std::string& lines) {
    if (descriptor_ < 0 || Moved()) {
      if (!Open()) return false;
    }
    return WriteAll(descriptor_, lines);
  }

 private:
  bool Moved() const {
    struct stat here = {}, there = {};
    if (stat(path_.c_str(), &there) != 0) return true;
    return fstat(descriptor_, &here) != 0 || here.st_ino != there.st_ino || here.st_dev != there.st_dev;
  }

  void Close() {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = -1;
  }

  const std::string path_;
  int descriptor_ = -1;
};

}  // namespace

absl::StatusOr<LineSink> OpenLineFile(const std::string& path) {
  if (path.empty()) return LineSink([](const std::string& lines) { return WriteAll(STDERR_FILENO, lines); });
  auto file = std::make_shared<LineFile>(path);
  if (!file->Open()) {
    return absl::InvalidArgumentError(Concat("access_log.path: cannot append to '", path, "': ", std::strerror(errno)));
  }
  return LineSink([file](const std::string& lines) { return file->Write(lines); });
}

}  // namespace driftserve
