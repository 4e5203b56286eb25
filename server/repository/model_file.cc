#include "server/repository/model_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "server/base/text.h"

namespace driftserve {

absl::StatusOr<std::shared_ptr<const std::string>> ReadInside(const std::string& root, const std::string& path,
                                                              int64_t limit) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  if (error) {
    const std::string message = Concat(path, ": cannot be read: ", error.message());
    return error == std::errc::no_such_file_or_directory ? absl::NotFoundError(message)
                                                         : absl::InvalidArgumentError(message);
  }
  const std::filesystem::path base = std::filesystem::canonical(root, error);
  if (error || real.lexically_relative(base).string().starts_with("..")) {
    return absl::InvalidArgumentError(
        Concat(path, ": expected a file inside the model repository ", base.string(), ", it leads to ", real.string()));
  }
  const int file = open(real.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return absl::InvalidArgumentError(Concat(path, ": cannot be read: ", std::strerror(errno)));
  const absl::Cleanup close_file = [file] { close(file); };
  struct stat status;
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(Concat(path, ": expected a regular file"));
  }
  if (status.st_size > limit) {
    return absl::InvalidArgumentError(Concat(path, ": expected at most ", limit, " bytes, it has ", status.st_size));
  }
  auto content = std::make_shared<std::string>(static_cast<size_t>(status.st_size), '\0');
  for (size_t at = 0; at < content->size();) {
    const ssize_t count = read(file, content->data() + at, content->size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return absl::InvalidArgumentError(Concat(path, ": became shorter while it was read"));
    at += static_cast<size_t>(count);
  }
  return content;
}

}  // namespace driftserve
