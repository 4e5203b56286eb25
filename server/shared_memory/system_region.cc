#include "server/shared_memory/system_region.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "server/base/text.h"

namespace driftserve {
namespace {

constexpr size_t kLongestKey = 254;

absl::Status CheckKey(const SystemRegionSettings& settings) {
  std::string_view key = settings.key;
  if (!key.empty() && key.front() == '/') key.remove_prefix(1);
  const bool is_name = !key.empty() && key != "." && key != ".." && key.size() <= kLongestKey &&
                       key.find('/') == key.npos && key.find('\0') == key.npos;
  if (is_name) return absl::OkStatus();
  return absl::InvalidArgumentError(Concat(RegionText(settings.name),
                                           ": expected as key the name of a shared memory object, as shm_open takes "
                                           "it: one part, at most ",
                                           kLongestKey, " bytes; got '", settings.key, "'"));
}

absl::Status CheckRange(const SystemRegionSettings& settings, const struct stat& object) {
  if (!S_ISREG(object.st_mode)) {
    return absl::InvalidArgumentError(
        Concat(RegionText(settings.name), ": '", settings.key, "' is not a shared memory object"));
  }
  const auto size = static_cast<uint64_t>(object.st_size);
  if (settings.byte_size == 0) {
    return absl::InvalidArgumentError(Concat(RegionText(settings.name), ": expected byte_size of at least 1, got 0"));
  }
  if (settings.offset <= size && settings.byte_size <= size - settings.offset) return absl::OkStatus();
  return absl::InvalidArgumentError(Concat(RegionText(settings.name), ": expected a range within the ", size,
                                           " bytes of '", settings.key, "', got byte_size ", settings.byte_size,
                                           " from offset ", settings.offset));
}

absl::Status CannotOpen(const SystemRegionSettings& settings, int error) {
  const std::string text =
      Concat(RegionText(settings.name), ": cannot open '", settings.key, "': ", std::strerror(error));
  if (error == ENOENT) return absl::NotFoundError(text);
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(text);
  return absl::InvalidArgumentError(text);
}

}  // namespace

SystemRegion::SystemRegion(SystemRegionSettings settings, int descriptor, uint64_t device, uint64_t inode)
    : SharedRegion(settings.name, settings.byte_size, Concat(device, "/", inode), settings.offset),
      settings_(std::move(settings)),
      descriptor_(descriptor) {}

SystemRegion::~SystemRegion() { close(descriptor_); }

absl::Status SystemRegion::Read(uint64_t offset, uint64_t byte_size, char* to) const {
  uint64_t done = 0;
  while (done < byte_size) {
    const auto at = static_cast<off_t>(begin() + offset + done);
    const ssize_t count = pread(descriptor_, to + done, byte_size - done, at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      return absl::FailedPreconditionError(Concat(RegionText(name()), ": '", settings_.key,
                                                  "' is shorter than when it was registered; register it again"));
    }
    done += static_cast<uint64_t>(count);
  }
  return absl::OkStatus();
}

absl::Status SystemRegion::Write(uint64_t offset, std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count =
        pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(begin() + offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      return absl::FailedPreconditionError(Concat(RegionText(name()), ": cannot write to '", settings_.key, "'"));
    }
    offset += static_cast<uint64_t>(count);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const SystemRegion>> OpenSystemRegion(SystemRegionSettings settings) {
  if (absl::Status status = CheckKey(settings); !status.ok()) return status;
  const int descriptor = shm_open(settings.key.c_str(), O_RDWR, 0);
  if (descriptor < 0) return CannotOpen(settings, errno);
  struct stat object = {};
  const bool known = fstat(descriptor, &object) == 0;
  const absl::Status status = known ? CheckRange(settings, object) : CannotOpen(settings, errno);
  if (status.ok()) return std::make_shared<SystemRegion>(std::move(settings), descriptor, object.st_dev, object.st_ino);
  close(descriptor);
  return status;
}

}  // namespace driftserve
