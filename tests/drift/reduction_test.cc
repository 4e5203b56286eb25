// Reductions against NumPy and SciPy (tests/golden/drift/make_reductions.py), and what holds of them for any row.

#include "drift/reduction.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <new>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "tests/drift/golden_draw.h"

namespace {
std::size_t allocations = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace drift {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Reduction kAll[] = {Reduction::kMean,      Reduction::kStd,    Reduction::kMin,     Reduction::kMax,
                              Reduction::kL2Norm,    Reduction::kZeroRatio, Reduction::kLength, Reduction::kEntropy,
                              Reduction::kTop1,      Reduction::kArgmax, Reduction::kProjections};

ReduceSpec Spec(Reduction reduction, std::uint64_t seed = 0, int projection = 0) {
  return {reduction, 8, seed, projection};
}

Value ReduceOnce(Reduction reduction, const std::vector<double>& row) {
  Reducer reducer;
  return reducer.Reduce(Spec(reduction), row);
}

double NumberOf(const Value& value) {
  if (value.type() == Value::Type::kInt64) return static_cast<double>(value.as_int64());
  EXPECT_EQ(value.type(), Value::Type::kDouble);
  return value.as_double();
}

double Number(Reduction reduction, const std::vector<double>& row) { return NumberOf(ReduceOnce(reduction, row)); }

std::vector<double> GoldenRow(std::size_t index, int kind, const std::string& form, int length, double missing) {
  std::vector<double> row = testing::Draw(kind, 50000 + index, length, 0, missing);
  double sum = 0;
  for (const double x : row) sum += std::isnan(x) ? 0 : std::fabs(x);
  for (double& x : row) {
    if (form == "shares" && sum > 0) x = std::fabs(x) / sum;
    if (form == "logits") x = 8 * x - 4;
    if (std::isnan(x) && index % 2 == 0) x = index % 4 == 0 ? kInfinity : -kInfinity;
  }
  return row;
}

TEST(ReductionTest, AgreesWithNumPyAndSciPy) {
  std::ifstream file("tests/golden/drift/reductions.txt");
  ASSERT_TRUE(file) << "run from the repository root";
  std::size_t index = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    int kind, length;
    std::string form, missing, field;
    std::istringstream fields(line);
    ASSERT_TRUE(fields >> kind >> form >> length >> missing >> field) << line;
    SCOPED_TRACE(line);
    const auto row = GoldenRow(index, kind, form, length, std::strtod(missing.c_str(), nullptr));
    Reducer reducer;
    for (const Reduction reduction : kAll) {
      const auto check = [&](const Value& value, double tolerance) {
        if (field == "none") {
          EXPECT_EQ(value.missing(), reduction != Reduction::kLength) << Name(reduction);
          return;
        }
        const double expected = std::strtod(field.c_str(), nullptr);
        EXPECT_NEAR(NumberOf(value), expected, tolerance) << Name(reduction);
        fields >> field;
      };
      const double size = ReduceOnce(Reduction::kL2Norm, row).missing() ? 0 : Number(Reduction::kL2Norm, row);
      if (reduction == Reduction::kProjections) {
        for (const int projection : {0, 5}) {
          check(reducer.Reduce(Spec(reduction, index, projection), row), 1e-6 * size + 1e-300);
        }
      } else {
        check(reducer.Reduce(Spec(reduction), row), 1e-12 * (1 + size));
      }
    }
    ++index;
  }
  EXPECT_EQ(index, 330u);
}

TEST(ReductionTest, DirectionsAreNormalQuantilesOfAHash) {
  std::ifstream file("tests/golden/drift/directions.txt");
  ASSERT_TRUE(file) << "run from the repository root";
  int checked = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    std::uint64_t seed, direction, element;
    double expected;
    ASSERT_TRUE(std::istringstream(line) >> seed >> direction >> element >> expected) << line;
    EXPECT_NEAR(GaussianElement(seed, direction, element), expected, 1e-6 * (1 + std::fabs(expected))) << line;
    ++checked;
  }
  EXPECT_EQ(checked, 42);
}

TEST(ReductionTest, DirectionsHaveTheSameBitsOnEveryPlatform) {
  std::uint64_t checksum = 0;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    checksum = checksum * 31 + std::bit_cast<std::uint32_t>(GaussianElement(1, 2, i));
  }
  EXPECT_EQ(checksum, 16632799174878379853u);
}

TEST(ReductionTest, DirectionsHaveUnitVarianceAndAreUncorrelated) {
  constexpr int kElements = 200'000;
  double sum = 0, squares = 0, fourth = 0, cross = 0;
  for (int i = 0; i < kElements; ++i) {
    const double g = GaussianElement(7, 0, i), other = GaussianElement(7, 1, i);
    sum += g;
    squares += g * g;
    fourth += g * g * g * g;
    cross += g * other;
  }
  EXPECT_NEAR(sum / kElements, 0, 0.01);
  EXPECT_NEAR(squares / kElements, 1, 0.015);
  EXPECT_NEAR(fourth / kElements, 3, 0.15);
  EXPECT_NEAR(cross / kElements, 0, 0.01);
}

TEST(ReductionTest, ProjectionsKeepTheVarianceOfIndependentElements) {
  testing::Random random(5);
  Reducer reducer;
  double squares = 0;
  constexpr int kRows = 4000;
  for (int i = 0; i < kRows; ++i) {
    std::vector<double> row(64);
    for (double& x : row) x = (random.Uniform() - 0.5) * std::sqrt(12.0);
    const double projected = NumberOf(reducer.Reduce(Spec(Reduction::kProjections, 3, i % 64), row));
    squares += projected * projected;
  }
  EXPECT_NEAR(squares / kRows, 1, 0.1);
}

TEST(ReductionTest, WhatIsNotFiniteIsLeftOut) {
  const std::vector<double> whole = {3, -1, 0, 7, 2};
  const std::vector<double> holes = {kNan, 3, -1, kInfinity, 0, 7, 2, -kInfinity};
  for (const Reduction reduction : kAll) {
    if (reduction == Reduction::kProjections) continue;
    const double shift = reduction == Reduction::kArgmax ? 2 : reduction == Reduction::kLength ? 3 : 0;
    EXPECT_NEAR(Number(reduction, holes), Number(reduction, whole) + shift, 1e-15) << Name(reduction);
  }
  std::vector<double> zeros = holes;
  for (double& x : zeros) x = std::isfinite(x) ? x : 0;  // an element left out adds nothing to a projection
  EXPECT_EQ(Number(Reduction::kProjections, holes) * std::sqrt(5.0) / std::sqrt(8.0),
            Number(Reduction::kProjections, zeros));
}

TEST(ReductionTest, RowsWithoutAFiniteElementAreMissing) {
  for (const std::vector<double>& row : {std::vector<double>{}, {kNan}, {kInfinity, -kInfinity, kNan}}) {
    for (const Reduction reduction : kAll) {
      if (reduction == Reduction::kLength) {
        EXPECT_EQ(Number(reduction, row), static_cast<double>(row.size()));
      } else {
        EXPECT_TRUE(ReduceOnce(reduction, row).missing()) << Name(reduction);
      }
    }
  }
}

TEST(ReductionTest, ResultsBeyondDoubleAreMissing) {
  const std::vector<double> row = {1e308, 1e308, 1e308, 1e308, 1e308};
  for (const Reduction reduction : {Reduction::kMean, Reduction::kStd, Reduction::kL2Norm}) {
    EXPECT_TRUE(ReduceOnce(reduction, row).missing()) << Name(reduction);
  }
  EXPECT_EQ(Number(Reduction::kMax, row), 1e308);
  EXPECT_EQ(Number(Reduction::kEntropy, {1e308, -1e308}), 0);
}

TEST(ReductionTest, EntropyTellsDistributionsFromLogits) {
  const double half = std::log(2.0);
  EXPECT_NEAR(Number(Reduction::kEntropy, {0.5, 0.5, 0}), half, 1e-15);
  EXPECT_NEAR(Number(Reduction::kEntropy, {0.502, 0.502}), half, 1e-15);        // rounded on the way
  EXPECT_NEAR(Number(Reduction::kEntropy, {0, 0, -kInfinity}), half, 1e-15);    // logits, one of them masked
  EXPECT_NEAR(Number(Reduction::kEntropy, {0, 0, 0, 0}), 2 * half, 1e-15);      // a sum of 0 is no distribution
  EXPECT_NEAR(Number(Reduction::kEntropy, {1.5, -0.5}), 0.36534, 1e-5);         // sums to 1, but has a negative
  EXPECT_EQ(Number(Reduction::kEntropy, {1, 0, 0}), 0);
  EXPECT_EQ(Number(Reduction::kEntropy, {1000, 0}), 0);
}

TEST(ReductionTest, TheFirstOfEqualElementsIsTheArgmax) {
  EXPECT_EQ(ReduceOnce(Reduction::kArgmax, {1, 5, 5, 2}).as_int64(), 1);
  EXPECT_EQ(ReduceOnce(Reduction::kArgmax, {kInfinity, -3, -2}).as_int64(), 2);
}

TEST(ReductionTest, ZeroHasNoSign) {
  for (const Reduction reduction : {Reduction::kMin, Reduction::kMax, Reduction::kMean, Reduction::kTop1}) {
    EXPECT_FALSE(std::signbit(Number(reduction, {-0.0, -0.0}))) << Name(reduction);
  }
  EXPECT_EQ(Number(Reduction::kZeroRatio, {-0.0, 0.0, 1, 2}), 0.5);
}

TEST(ReductionTest, LengthsOfTexts) {
  EXPECT_EQ(Reducer::LengthOfTexts(std::vector<double>{3, kNan, 4}).as_double(), 7);
  EXPECT_EQ(Reducer::LengthOfTexts({}).as_double(), 0);
  EXPECT_TRUE(Reducer::LengthOfTexts(std::vector<double>{kNan}).missing());
}

TEST(ReductionTest, DirectionsAreTheSameForRowsOfAnyLength) {
  std::vector<double> row(700);
  std::iota(row.begin(), row.end(), -350);
  Reducer grown;
  for (const std::size_t length : {3u, 700u, 5u, 257u}) {
    const std::span<const double> part(row.data(), length);
    Reducer fresh;
    EXPECT_EQ(NumberOf(grown.Reduce(Spec(Reduction::kProjections, 9, 4), part)),
              NumberOf(fresh.Reduce(Spec(Reduction::kProjections, 9, 4), part)));
  }
}

TEST(ReductionTest, DirectionsBeyondTheLimitAreMadeAgainAndAreTheSame) {
  std::vector<double> row(1001);
  std::iota(row.begin(), row.end(), -500);
  row[3] = kNan;
  GaussianDirections kept, limited(500), none(0);
  for (const std::size_t length : {499u, 1001u, 2u}) {
    const std::span<const double> part(row.data(), length);
    const double expected = kept.Project(1, 2, part);
    EXPECT_EQ(limited.Project(1, 2, part), expected);
    EXPECT_EQ(none.Project(1, 2, part), expected);
  }
  EXPECT_EQ(kept.kept(), 1001u);
  EXPECT_EQ(limited.kept(), 499u);
  EXPECT_EQ(none.kept(), 0u);
}

TEST(ReductionTest, NothingIsAllocatedAfterTheFirstRow) {
  std::vector<double> row(10'000, 1.5);
  Reducer reducer;
  const auto reduce_all = [&] {
    for (const Reduction reduction : kAll) reducer.Reduce(Spec(reduction), row);
    for (int i = 0; i < 8; ++i) reducer.Reduce(Spec(Reduction::kProjections, 1, i), row);
  };
  const std::size_t before = allocations;
  reduce_all();
  const std::size_t after_first = allocations;
  EXPECT_GT(after_first, before);
  reduce_all();
  EXPECT_EQ(allocations, after_first);
}

TEST(ReductionTest, NamesAndDescriptions) {
  EXPECT_EQ(Describe({Reduction::kL2Norm}, "image"), "l2_norm of image");
  EXPECT_EQ(Describe({Reduction::kProjections, 8, 7, 3}, "emb"), "projection 3 of emb, seed 7");
  EXPECT_EQ(DtypeOf({Reduction::kArgmax}), Dtype::kInt64);
  EXPECT_EQ(DtypeOf({Reduction::kMean}), Dtype::kFloat64);
}

}  // namespace
}  // namespace drift
