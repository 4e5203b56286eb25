#include "drift/profile/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>
#include <utility>

#include "drift/profile/text.h"

namespace drift {
namespace {

/// A file descriptor, closed at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

absl::Status Failed(std::string_view what, const std::string& path) {
  const std::string message = Concat(path, ": cannot ", what, ": ", std::strerror(errno));
  return errno == ENOENT ? absl::NotFoundError(message) : absl::UnavailableError(message);
}

absl::Status WriteAll(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno != EINTR) return Failed("write", path);
    if (written > 0) content.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(fd) == 0 ? absl::OkStatus() : Failed("write", path);
}

std::string TemporaryName(const std::string& path) { return Concat(path, ".", getpid(), ".tmp"); }

/// Writes the content beside the path. A folder in its place is refused here, before anything is replaced.
absl::Status Stage(const NewFile& file) {
  struct stat status;
  if (stat(file.path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return absl::InvalidArgumentError(Concat(file.path, ": cannot replace: Is a directory"));
  }
  const Descriptor staged(open(TemporaryName(file.path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (staged.get() < 0) return Failed("create", file.path);
  return WriteAll(staged.get(), file.content, file.path);
}

/// Length of the valid UTF-8 sequence at the beginning of `text`, 0 where there is none.
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                        : lead >= 0xe0 && lead <= 0xef ? 3
                        : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                       : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and code points above U+10FFFF.
  const bool wrong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f) ||
                     (lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f);
  return wrong ? 0 : length;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes) {
  // Non-blocking: opening a named pipe must not wait for its writer.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status;
  if (file.get() < 0 || fstat(file.get(), &status) != 0) return Failed("open", path);
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(Concat(path, ": expected a regular file, got a folder or a device"));
  }
  std::string content;
  char buffer[64 << 10];
  while (true) {
    const ssize_t count = read(file.get(), buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed("read", path);
    if (count == 0) return content;
    content.append(buffer, static_cast<size_t>(count));
    if (content.size() > max_bytes) {
      return absl::InvalidArgumentError(Concat(path, ": expected at most ", max_bytes, " bytes, got more"));
    }
  }
}

absl::Status WriteFilesAtomically(const std::vector<NewFile>& files) {
  std::set<std::string> paths;
  for (const NewFile& file : files) {
    if (!paths.insert(file.path).second) return absl::InvalidArgumentError(Concat(file.path, ": named for two files"));
  }
  absl::Status status;
  size_t staged = 0;
  while (status.ok() && staged < files.size()) status = Stage(files[staged++]);
  for (size_t i = 0; status.ok() && i < files.size(); ++i) {
    if (rename(TemporaryName(files[i].path).c_str(), files[i].path.c_str()) != 0) {
      status = Failed("replace", files[i].path);
    }
  }
  for (size_t i = 0; !status.ok() && i < staged; ++i) unlink(TemporaryName(files[i].path).c_str());
  return status;
}

absl::Status WriteFileAtomically(const std::string& path, std::string_view content) {
  return WriteFilesAtomically({{path, std::string(content)}});
}

std::optional<size_t> FirstInvalidUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t length = SequenceLength(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

}  // namespace drift
