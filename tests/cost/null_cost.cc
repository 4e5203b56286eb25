// What a request costs apart from its model: `null_cost REQUESTS`.
#include <cstdlib>

#include "tests/cost/request_cost.h"

namespace driftserve {
namespace {

/// Answers zero to every row.
class NullGraph final : public Graph {
 public:
  absl::Status Run(absl::Span<const BatchItem> items, TensorList& outputs) override {
    outputs.clear();
    outputs.push_back({DataType::kFp32, {items[0].rows, 1}, zeros_, sizeof(float)});
    return absl::OkStatus();
  }

 private:
  const char zeros_[sizeof(float)] = {};
};

}  // namespace
}  // namespace driftserve

int main(int argc, char** argv) {
  return argc == 2 ? driftserve::ServeRequests(std::make_unique<driftserve::NullGraph>(), std::atoi(argv[1])) : 2;
}
