#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/sample/watched_model.h"

namespace driftserve {

/// A watched model with the strata "default" and "HA" (kept whole), for the tests of the tap.
inline std::shared_ptr<WatchedModel> MakeWatched(double default_rate = 0.1, size_t threads = 1) {
  WatchedModelSettings settings;
  settings.name = "flight_delay";
  settings.version = "1";
  settings.pane_ns = 1'000;
  return std::make_shared<WatchedModel>(
      std::move(settings),
      std::make_unique<SamplingRule>(std::vector<StratumRate>{{"HA", 1.0}}, default_rate, 42, 1), threads);
}

/// Elements as a kBytes tensor holds them.
inline std::string TextTensorBytes(const std::vector<std::string>& elements) {
  std::string bytes;
  for (const std::string& element : elements) {
    const uint32_t length = static_cast<uint32_t>(element.size());
    char prefix[sizeof(length)];
    std::memcpy(prefix, &length, sizeof(length));
    bytes.append(prefix, sizeof(prefix)).append(element);
  }
  return bytes;
}

}  // namespace driftserve
