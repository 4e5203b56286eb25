// Any bytes as a ReportLabelsRequest: refused with a reason, or served.
#include <google/protobuf/stubs/logging.h>

#include "tests/fuzz/request_targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const google::protobuf::LogSilencer silent;  // a line of every damaged text
  static driftserve::LabelsTarget target;
  driftserve::Count(target.Try({reinterpret_cast<const char*>(data), size}));
  return 0;
}
