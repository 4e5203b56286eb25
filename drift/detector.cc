#include "drift/detector.h"

#include <array>

#include "drift/adwin.h"
#include "drift/ddm.h"
#include "drift/page_hinkley.h"

namespace drift {

std::string_view Name(DetectorKind kind) {
  constexpr std::array<std::string_view, 3> kNames = {"adwin", "ddm", "page_hinkley"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::unique_ptr<Detector> MakeDetector(DetectorKind kind, bool binary) {
  switch (kind) {
    case DetectorKind::kAdwin: return std::make_unique<Adwin>();
    case DetectorKind::kDdm: {
      DdmSettings settings;
      settings.binary = binary;
      return std::make_unique<Ddm>(settings);
    }
    case DetectorKind::kPageHinkley: break;
  }
  return std::make_unique<PageHinkley>();
}

}  // namespace drift
