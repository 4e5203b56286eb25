#pragma once

#include <functional>
#include <future>

namespace driftserve {

/// Blocks a graph's runs until opened.
class Gate {
 public:
  std::function<void()> Pass() {
    return [this] {
      arrived_.set_value();
      opened_.get_future().wait();
    };
  }
  void WaitForArrival() { arrived_.get_future().wait(); }
  void Open() { opened_.set_value(); }

 private:
  std::promise<void> arrived_, opened_;
};

}  // namespace driftserve
