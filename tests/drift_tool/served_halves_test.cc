// A model with half-precision inputs: `drift profile`, given decimal numbers, counts each in the cell in which the server
// counts the 16 bits that a client sends for it.
#include <cmath>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "drift/layout.h"
#include "drift/profile/reference_file.h"
#include "drift/tool/profile_command.h"
#include "server/observe/sample_reader.h"
#include "tests/drift_table/scratch_files.h"

namespace drift {
namespace {

using driftserve::DataType;
using driftserve::TensorView;

/// The 16-bit numbers of a type, as the server reads them.
class Halves {
 public:
  explicit Halves(DataType type) {
    for (uint32_t i = 0; i < 0x10000; ++i) {
      const auto bits = static_cast<uint16_t>(i);
      const TensorView tensor = {type, {1}, reinterpret_cast<const char*>(&bits), sizeof(bits)};
      const double number = driftserve::ReadElement(tensor, 0).as_double();
      if (std::isfinite(number)) bits_.emplace(number, bits);
      if (number == INFINITY) infinity_ = bits;
    }
  }

  /// What a client sends for the number: the nearest one, of two equally near the even one; infinity from half a step
  /// beyond the largest on.
  uint16_t Nearest(double number) const {
    const auto above = bits_.lower_bound(number);
    if (above == bits_.end()) {
      const double largest = bits_.rbegin()->first, step = largest - std::next(bits_.rbegin())->first;
      return number < largest + step / 2 ? bits_.rbegin()->second : infinity_;
    }
    const auto below = above == bits_.begin() ? above : std::prev(above);
    const double up = above->first - number, down = number - below->first;
    if (up == down) return above->second % 2 == 0 ? above->second : below->second;
    return up < down ? above->second : below->second;
  }

 private:
  std::map<double, uint16_t> bits_;
  uint16_t infinity_ = 0;
};

/// Numbers that no half holds exactly, near zero, large, and a tie.
std::vector<double> Numbers() {
  std::vector<double> numbers = {70'000, 65'519, 2049, -2051, 1e-6, -3e-8, 0, 1.00048828125, 257};
  for (int i = 0; i < 3000; ++i) numbers.push_back((i * 37 % 1009) / 7.0 - 40);
  return numbers;
}

class ServedHalvesTest : public FilesTest {
 protected:
  Reference Profile(const std::string& type) {
    std::ostringstream rows, out, err;
    rows.precision(17);
    rows << "x\nNA\n";
    for (const double number : Numbers()) rows << number << "\n";
    ProfileOptions options;
    options.monitor = Write("monitor.yaml", "features: [{name: x, input: x, column: 0, type: numeric}]\n");
    options.model_config = Write("config.pbtxt", "name: \"m\" platform: \"pytorch_libtorch\" max_batch_size: 8\n"
                                                 "input { name: \"x\" data_type: " + type + " dims: [ 1 ] }\n"
                                                 "output { name: \"y\" data_type: TYPE_FP32 dims: [ 1 ] }\n");
    options.data = {Write("train.csv", rows.str())};
    options.out = Path("reference.pb");
    const Console console{out, err, false, "drift", [] { return int64_t{0}; }, {}, {}};
    EXPECT_EQ(RunProfile(options, console), kDone) << err.str();
    return LoadReference(options.out).value();
  }

  void ExpectEqualCells(const std::string& name, DataType type) {
    const Reference reference = Profile(name);
    const Halves halves(type);
    std::vector<uint16_t> sent = {halves.Nearest(INFINITY)};  // not a number, and as little of one as NA
    for (const double number : Numbers()) sent.push_back(halves.Nearest(number));
    driftserve::Sample sample;
    sample.inputs.push_back({type, {static_cast<int64_t>(sent.size()), 1}, reinterpret_cast<const char*>(sent.data()),
                             sent.size() * sizeof(uint16_t)});
    driftserve::SampleReader reader(sample);
    const FeatureLayout layout(reference.features[0]);
    std::vector<uint64_t> counts(layout.cells());
    for (uint32_t row = 0; row < sent.size(); ++row) ++counts[layout.CellOf(reader.Feature({"x", 0, 0}, row)).value()];
    EXPECT_EQ(counts, reference.features[0].cell_counts);
    EXPECT_GT(counts.size(), 200u) << "so many cells that a difference in rounding is seen";
  }
};

TEST_F(ServedHalvesTest, Fp16) { ExpectEqualCells("TYPE_FP16", DataType::kFp16); }

TEST_F(ServedHalvesTest, Bf16) { ExpectEqualCells("TYPE_BF16", DataType::kBf16); }

}  // namespace
}  // namespace drift
