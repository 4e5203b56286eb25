#include "drift/tool/progress_bar.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace drift {
namespace {

constexpr int64_t kPatienceNs = 2'000'000'000;
constexpr int64_t kBetweenNs = 200'000'000;
constexpr int kBarWidth = 24;

}  // namespace

ProgressBar::ProgressBar(const Console& console, std::string what, ShowProgress show)
    : console_(console),
      what_(std::move(what)),
      visible_(show == ShowProgress::kAlways || (show == ShowProgress::kOnTerminal && console.err_is_terminal)),
      patient_(show == ShowProgress::kOnTerminal),
      start_ns_(visible_ ? console.monotonic_ns() : 0) {}

void ProgressBar::Show(double done, uint64_t rows) {
  if (!visible_) return;
  const int64_t now = console_.monotonic_ns();
  const bool last = !patient_ && done >= 1;
  if (patient_ && now - start_ns_ < kPatienceNs) return;
  if (!last && shown_ns_ != 0 && now - shown_ns_ < kBetweenNs) return;
  shown_ns_ = now;
  std::string line = absl::StrFormat("%s: %d rows", what_, rows);
  if (done >= 0) {
    const auto full = static_cast<int>(std::clamp(done, 0.0, 1.0) * kBarWidth);
    line = absl::StrFormat("%s [%s%s] %3.0f %%, %d rows", what_, std::string(full, '#'),
                           std::string(kBarWidth - full, '.'), 100 * std::clamp(done, 0.0, 1.0), rows);
  }
  const std::string blanks(width_ > line.size() ? width_ - line.size() : 0, ' ');
  console_.err << "\r" << line << blanks << std::flush;
  width_ = line.size();
}

void ProgressBar::Clear() {
  if (width_ > 0 && patient_) console_.err << "\r" << std::string(width_, ' ') << "\r" << std::flush;
  if (width_ > 0 && !patient_) console_.err << "\n";
  width_ = 0;
}

}  // namespace drift
