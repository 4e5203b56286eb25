#include "server/shared_memory/system_regions.h"

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

absl::Status CheckKey(const RegionSettings& settings) {
  std::string_view key = settings.key;
  if (!key.empty() && key.front() == '/') key.remove_prefix(1);
  const bool is_name = !key.empty() && key != "." && key != ".." && key.size() <= kLongestKey &&
                       key.find('/') == key.npos && key.find('\0') == key.npos;
  if (is_name) return absl::OkStatus();
  return absl::InvalidArgumentError(Concat("shared memory region '", settings.name,
                                           "': expected as key the name of a shared memory object, as shm_open takes "
                                           "it: one part, at most ",
                                           kLongestKey, " bytes; got '", settings.key, "'"));
}

absl::Status CheckRange(const RegionSettings& settings, const struct stat& object) {
  if (!S_ISREG(object.st_mode)) {
    return absl::InvalidArgumentError(
        Concat("shared memory region '", settings.name, "': '", settings.key, "' is not a shared memory object"));
  }
  const auto size = static_cast<uint64_t>(object.st_size);
  if (settings.byte_size == 0) {
    return absl::InvalidArgumentError(
        Concat("shared memory region '", settings.name, "': expected byte_size of at least 1, got 0"));
  }
  if (settings.offset <= size && settings.byte_size <= size - settings.offset) return absl::OkStatus();
  return absl::InvalidArgumentError(Concat("shared memory region '", settings.name, "': expected a range within the ",
                                           size, " bytes of '", settings.key, "', got byte_size ", settings.byte_size,
                                           " from offset ", settings.offset));
}

absl::Status CannotOpen(const RegionSettings& settings, int error) {
  const std::string text =
      Concat("shared memory region '", settings.name, "': cannot open '", settings.key, "': ", std::strerror(error));
  if (error == ENOENT) return absl::NotFoundError(text);
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(text);
  return absl::InvalidArgumentError(text);
}

absl::StatusOr<std::shared_ptr<const SystemRegion>> Open(RegionSettings settings) {
  const int descriptor = shm_open(settings.key.c_str(), O_RDWR, 0);
  if (descriptor < 0) return CannotOpen(settings, errno);
  struct stat object = {};
  const bool known = fstat(descriptor, &object) == 0;
  const absl::Status status = known ? CheckRange(settings, object) : CannotOpen(settings, errno);
  if (status.ok()) return std::make_shared<SystemRegion>(std::move(settings), descriptor, object.st_dev, object.st_ino);
  close(descriptor);
  return status;
}

}  // namespace

SystemRegion::SystemRegion(RegionSettings settings, int descriptor, uint64_t device, uint64_t inode)
    : settings_(std::move(settings)), descriptor_(descriptor), device_(device), inode_(inode) {}

SystemRegion::~SystemRegion() { close(descriptor_); }

bool SystemRegion::Holds(uint64_t offset, uint64_t byte_size) const {
  return offset <= settings_.byte_size && byte_size <= settings_.byte_size - offset;
}

bool SystemRegion::Overlaps(uint64_t offset, uint64_t byte_size, const SystemRegion& other, uint64_t other_offset,
                            uint64_t other_byte_size) const {
  if (device_ != other.device_ || inode_ != other.inode_) return false;
  const uint64_t begin = settings_.offset + offset;
  const uint64_t other_begin = other.settings_.offset + other_offset;
  return begin < other_begin + other_byte_size && other_begin < begin + byte_size;
}

absl::Status SystemRegion::Read(uint64_t offset, uint64_t byte_size, char* to) const {
  uint64_t done = 0;
  while (done < byte_size) {
    const auto at = static_cast<off_t>(settings_.offset + offset + done);
    const ssize_t count = pread(descriptor_, to + done, byte_size - done, at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      return absl::FailedPreconditionError(
          Concat("shared memory region '", settings_.name, "': '", settings_.key,
                 "' is shorter than when it was registered; register it again"));
    }
    done += static_cast<uint64_t>(count);
  }
  return absl::OkStatus();
}

absl::Status SystemRegion::Write(uint64_t offset, std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count =
        pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(settings_.offset + offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      return absl::FailedPreconditionError(
          Concat("shared memory region '", settings_.name, "': cannot write to '", settings_.key, "'"));
    }
    offset += static_cast<uint64_t>(count);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

absl::Status SystemRegions::Register(RegionSettings settings) {
  if (settings.name.empty()) {
    return absl::InvalidArgumentError("shared memory: expected a name for the region, got none");
  }
  if (absl::Status status = CheckKey(settings); !status.ok()) return status;
  absl::StatusOr<std::shared_ptr<const SystemRegion>> region = Open(settings);
  if (!region.ok()) return region.status();
  std::lock_guard lock(mutex_);
  if (regions_.find(settings.name) != regions_.end()) {
    return absl::AlreadyExistsError(
        Concat("shared memory region '", settings.name, "' is registered already; unregister it first"));
  }
  if (regions_.size() >= kMostRegions) {
    return absl::ResourceExhaustedError(
        Concat("the server holds ", kMostRegions, " shared memory regions; unregister those not used any more"));
  }
  regions_.emplace(settings.name, *std::move(region));
  return absl::OkStatus();
}

void SystemRegions::Unregister(std::string_view name) {
  std::lock_guard lock(mutex_);
  if (name.empty()) return regions_.clear();
  if (const auto found = regions_.find(name); found != regions_.end()) regions_.erase(found);
}

std::shared_ptr<const SystemRegion> SystemRegions::Find(std::string_view name) const {
  std::lock_guard lock(mutex_);
  const auto found = regions_.find(name);
  return found == regions_.end() ? nullptr : found->second;
}

std::vector<RegionSettings> SystemRegions::List() const {
  std::lock_guard lock(mutex_);
  std::vector<RegionSettings> list;
  for (const auto& [name, region] : regions_) list.push_back(region->settings());
  return list;
}

}  // namespace driftserve
