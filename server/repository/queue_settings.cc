#include "server/repository/queue_settings.h"

#include <algorithm>
#include <limits>

#include "server/base/text.h"

namespace driftserve {
namespace {

constexpr uint64_t kHourMicros = 3'600'000'000;
constexpr uint64_t kMaxLevels = 64;

class QueueReader {
 public:
  QueueReader(const inference::ModelDynamicBatching& batching, const std::string& file,
              std::vector<std::string>& faults)
      : batching_(batching), file_(file), faults_(faults) {}

  void Read(ModelSettings& settings) {
    settings.max_queue_delay_us = Micros("max_queue_delay_microseconds", batching_.max_queue_delay_microseconds());
    settings.preserves_order = batching_.preserve_ordering();
    const uint64_t levels = batching_.priority_levels();
    if (levels > kMaxLevels) {
      return Fault("priority_levels: expected at most ", kMaxLevels, ", got ", levels);
    }
    const QueuePolicy policy_of_all = Policy("default_queue_policy", batching_.default_queue_policy());
    settings.levels.assign(std::max<uint64_t>(levels, 1), policy_of_all);
    ReadDefaultLevel(settings);
    for (const auto& [level, policy] : batching_.priority_queue_policy()) {
      if (level < 1 || level > levels) {
        Fault("priority_queue_policy: expected levels from 1 to priority_levels (", levels, "), got ", level);
      } else {
        settings.levels[level - 1] = Policy("priority_queue_policy", policy);
      }
    }
    if (settings.preserves_order) CheckOrder(settings);
  }

 private:
  template <typename... Pieces>
  void Fault(const Pieces&... pieces) {
    faults_.push_back(Concat(file_, ": dynamic_batching.", pieces...));
  }

  void ReadDefaultLevel(ModelSettings& settings) {
    const uint64_t levels = batching_.priority_levels(), level = batching_.default_priority_level();
    if (levels == 0 && level == 0) return;
    if (level < 1 || level > levels) {
      return Fault("default_priority_level: expected 1 to priority_levels (", levels, "), got ", level);
    }
    settings.default_level = static_cast<size_t>(level) - 1;
  }

  QueuePolicy Policy(std::string_view field, const inference::ModelQueuePolicy& policy) {
    QueuePolicy read;
    read.default_timeout_us =
        Micros(Concat(field, ".default_timeout_microseconds"), policy.default_timeout_microseconds());
    read.delays = policy.timeout_action() == inference::ModelQueuePolicy::DELAY;
    constexpr auto kMost = static_cast<uint32_t>(std::numeric_limits<int>::max());
    read.max_queue_size = static_cast<int>(std::min(policy.max_queue_size(), kMost));
    return read;
  }

  int64_t Micros(std::string_view field, uint64_t value) {
    if (value > kHourMicros) Fault(field, ": expected at most ", kHourMicros, " (1 h), got ", value);
    return static_cast<int64_t>(std::min(value, kHourMicros));
  }

  // Requests that overtake others cannot also leave in the order in which they came.
  void CheckOrder(const ModelSettings& settings) {
    if (settings.levels.size() > 1) {
      Fault("preserve_ordering: expected at most one of priority_levels with it, got ", settings.levels.size());
    }
    if (settings.levels[0].delays) {
      Fault("preserve_ordering: expected timeout_action REJECT with it, got DELAY");
    }
  }

  const inference::ModelDynamicBatching& batching_;
  const std::string& file_;
  std::vector<std::string>& faults_;
};

}  // namespace

void ReadQueueSettings(const inference::ModelDynamicBatching& batching, const std::string& file,
                       ModelSettings& settings, std::vector<std::string>& faults) {
  QueueReader(batching, file, faults).Read(settings);
}

}  // namespace driftserve
