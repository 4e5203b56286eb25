#include "server/metrics/nvml.h"

#include <dlfcn.h>

#include <limits>
#include <memory>
#include <mutex>

namespace driftserve {
namespace {

constexpr int kSuccess = 0;
constexpr unsigned kLongestUuid = 96;
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// The library's binary interface, as far as it is used.
using Device = void*;
struct Utilization {
  unsigned gpu;  // percent
  unsigned memory;
};
struct Memory {
  unsigned long long total, free, used;  // bytes
};

/// The library, initialised; shut down with the last who holds it.
class Nvml {
 public:
  static std::shared_ptr<Nvml> Open(const std::string& library) {
    void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return nullptr;
    std::shared_ptr<Nvml> nvml(new Nvml(handle));
    return nvml->complete() && nvml->Start() ? nvml : nullptr;
  }

  ~Nvml() {
    if (started_) shutdown_();
    dlclose(handle_);
  }

  std::vector<GpuReading> Read() const {
    std::lock_guard lock(mutex_);
    std::vector<GpuReading> readings;
    unsigned count = 0;
    if (count_(&count) != kSuccess) return readings;
    for (unsigned i = 0; i < count; ++i) {
      Device device = nullptr;
      char uuid[kLongestUuid] = {};
      if (by_index_(i, &device) != kSuccess || uuid_(device, uuid, kLongestUuid) != kSuccess) continue;
      readings.push_back(ReadDevice(device, uuid));
    }
    return readings;
  }

 private:
  explicit Nvml(void* handle) : handle_(handle) {
    Find("nvmlInit_v2", init_);
    Find("nvmlShutdown", shutdown_);
    Find("nvmlDeviceGetCount_v2", count_);
    Find("nvmlDeviceGetHandleByIndex_v2", by_index_);
    Find("nvmlDeviceGetUUID", uuid_);
    Find("nvmlDeviceGetUtilizationRates", utilization_);
    Find("nvmlDeviceGetMemoryInfo", memory_);
    Find("nvmlDeviceGetPowerUsage", power_);
    Find("nvmlDeviceGetEnforcedPowerLimit", power_limit_);
    Find("nvmlDeviceGetTotalEnergyConsumption", energy_);
  }

  template <typename Function>
  void Find(const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(dlsym(handle_, name));
    if (function == nullptr) complete_ = false;
  }

  bool complete() const { return complete_; }
  bool Start() {
    started_ = init_() == kSuccess;
    unsigned count = 0;
    return started_ && count_(&count) == kSuccess && count > 0;
  }

  GpuReading ReadDevice(Device device, const char* uuid) const {
    GpuReading reading;
    reading.uuid = uuid;
    Utilization utilization = {};
    const bool utilized = utilization_(device, &utilization) == kSuccess;
    reading.utilization = utilized ? utilization.gpu / 100.0 : kUnknown;
    Memory memory = {};
    const bool sized = memory_(device, &memory) == kSuccess;
    reading.memory_used_bytes = sized ? static_cast<double>(memory.used) : kUnknown;
    reading.memory_total_bytes = sized ? static_cast<double>(memory.total) : kUnknown;
    unsigned milliwatts = 0;
    reading.power_watts = power_(device, &milliwatts) == kSuccess ? milliwatts / 1000.0 : kUnknown;
    reading.power_limit_watts = power_limit_(device, &milliwatts) == kSuccess ? milliwatts / 1000.0 : kUnknown;
    unsigned long long millijoules = 0;
    const bool metered = energy_(device, &millijoules) == kSuccess;
    reading.energy_joules = metered ? static_cast<double>(millijoules) / 1000.0 : kUnknown;
    return reading;
  }

  void* const handle_;
  bool complete_ = true;
  bool started_ = false;
  mutable std::mutex mutex_;  // guards the library: one reader at a time
  int (*init_)() = nullptr;
  int (*shutdown_)() = nullptr;
  int (*count_)(unsigned*) = nullptr;
  int (*by_index_)(unsigned, Device*) = nullptr;
  int (*uuid_)(Device, char*, unsigned) = nullptr;
  int (*utilization_)(Device, Utilization*) = nullptr;
  int (*memory_)(Device, Memory*) = nullptr;
  int (*power_)(Device, unsigned*) = nullptr;
  int (*power_limit_)(Device, unsigned*) = nullptr;
  int (*energy_)(Device, unsigned long long*) = nullptr;
};

}  // namespace

GpuSource OpenNvml(const std::string& library) {
  std::shared_ptr<Nvml> nvml = Nvml::Open(library);
  if (nvml == nullptr) return nullptr;
  return [nvml] { return nvml->Read(); };
}

}  // namespace driftserve
