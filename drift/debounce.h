#ifndef DRIFT_DEBOUNCE_H_
#define DRIFT_DEBOUNCE_H_

#include <cstdint>

namespace drift {

// A level that is entered when k of the last n evaluations spoke for it and left when k of the last n spoke
// against it (two different bounds, so it does not flutter). Both histories start anew at every change. Plain
// value type.
class Debounce {
 public:
  // REQUIRES: 1 ≤ k ≤ n ≤ 32.
  Debounce(int hits, int of);

  // One evaluation. `enter` and `leave` may both be false. Returns active().
  bool Update(bool enter, bool leave);
  bool active() const { return active_; }

 private:
  int hits_;
  std::uint32_t mask_;
  std::uint32_t entering_ = 0, leaving_ = 0;  // newest evaluation in the lowest bit
  bool active_ = false;
};

}  // namespace drift

#endif  // DRIFT_DEBOUNCE_H_
