#include "server/publish/trouble_log.h"

namespace driftserve {

void TroubleLog::Begin(Trouble trouble, LogLevel level, const std::string& message) {
  const unsigned bit = 1u << static_cast<int>(trouble);
  if ((open_ & bit) != 0) return;
  open_ |= bit;
  if (log_) log_(level, message);
}

void TroubleLog::Over(const std::string& message) {
  if (open_ == 0) return;
  open_ = 0;
  if (log_) log_(LogLevel::kInfo, message);
}

}  // namespace driftserve
