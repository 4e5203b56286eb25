#include "drift/reduction.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "drift/lane_sum.h"

namespace drift {
namespace {

using Row = std::span<const double>;

constexpr double kDistributionTolerance = 0.005;

// Σ term(x) over the finite elements.
template <typename Term>
double SumFinite(Row row, Term term) {
  LaneSum sum;
  sum.Add(row.size(), [&](std::size_t i) { return std::isfinite(row[i]) ? term(row[i]) : 0.0; });
  return sum.total();
}

double CountFinite(Row row) {
  return static_cast<double>(std::count_if(row.begin(), row.end(), [](double x) { return std::isfinite(x); }));
}

double Sum(Row row) {
  return SumFinite(row, [](double x) { return x; });
}

double Smallest(Row row) {
  double smallest = std::numeric_limits<double>::infinity();
  for (const double x : row) smallest = std::isfinite(x) && x < smallest ? x : smallest;
  return smallest;
}

// The place of the first largest element. REQUIRES: one is finite.
std::size_t PlaceOfLargest(Row row) {
  std::size_t place = row.size();
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (std::isfinite(row[i]) && (place == row.size() || row[i] > row[place])) place = i;
  }
  return place;
}

double Deviation(Row row, double count) {
  const double mean = Sum(row) / count;
  return std::sqrt(SumFinite(row, [mean](double x) { return (x - mean) * (x - mean); }) / count);
}

double EntropyOfDistribution(Row row, double sum) {
  return -SumFinite(row, [sum](double x) { return x > 0 ? x / sum * std::log(x / sum) : 0.0; });
}

// −Σ p ln p for p = e/Z, e = exp(x − max): ln Z − Σ (x − max) e/Z.
double EntropyOfLogits(Row row) {
  const double largest = row[PlaceOfLargest(row)];
  const double z = SumFinite(row, [largest](double x) { return std::exp(x - largest); });
  const double weighted = SumFinite(row, [largest](double x) {
    const double e = std::exp(x - largest);
    return e > 0 ? (x - largest) * e : 0.0;
  });
  return std::log(z) - weighted / z;
}

double Entropy(Row row) {
  const double sum = Sum(row);
  const bool distribution = Smallest(row) >= 0 && std::fabs(sum - 1) <= kDistributionTolerance;
  return std::max(0.0, distribution ? EntropyOfDistribution(row, sum) : EntropyOfLogits(row));
}

Value Finite(double number) { return std::isfinite(number) ? Value::Double(number + 0.0) : Value::Missing(); }

}  // namespace

std::string_view Name(Reduction reduction) {
  constexpr std::array<std::string_view, 12> kNames = {
      "none",       "mean",   "std",     "min",  "max",    "l2_norm",
      "zero_ratio", "length", "entropy", "top1", "argmax", "projections"};
  return kNames[static_cast<std::size_t>(reduction)];
}

Dtype DtypeOf(const ReduceSpec& spec) {
  return spec.reduction == Reduction::kArgmax ? Dtype::kInt64 : Dtype::kFloat64;
}

std::string Describe(const ReduceSpec& spec, std::string_view tensor) {
  const std::string of = " of " + std::string(tensor);
  if (spec.reduction != Reduction::kProjections) return std::string(Name(spec.reduction)) + of;
  return "projection " + std::to_string(spec.projection) + of + ", seed " + std::to_string(spec.seed);
}

Value Reducer::Reduce(const ReduceSpec& spec, std::span<const double> row) {
  if (spec.reduction == Reduction::kLength) return Value::Double(static_cast<double>(row.size()));
  const double count = CountFinite(row);
  if (count == 0) return Value::Missing();
  switch (spec.reduction) {
    case Reduction::kMean: return Finite(Sum(row) / count);
    case Reduction::kStd: return Finite(Deviation(row, count));
    case Reduction::kMin: return Finite(Smallest(row));
    case Reduction::kMax:
    case Reduction::kTop1: return Finite(row[PlaceOfLargest(row)]);
    case Reduction::kL2Norm: return Finite(std::sqrt(SumFinite(row, [](double x) { return x * x; })));
    case Reduction::kZeroRatio: return Finite(SumFinite(row, [](double x) { return x == 0 ? 1.0 : 0.0; }) / count);
    case Reduction::kEntropy: return Finite(Entropy(row));
    case Reduction::kArgmax: return Value::Int64(static_cast<std::int64_t>(PlaceOfLargest(row)));
    case Reduction::kProjections:
      return Finite(directions_.Project(spec.seed, static_cast<std::uint64_t>(spec.projection), row) /
                    std::sqrt(count));
    case Reduction::kNone:
    case Reduction::kLength: break;
  }
  return Value::Missing();
}

Value Reducer::LengthOfTexts(std::span<const double> bytes) {
  if (CountFinite(bytes) == 0) return bytes.empty() ? Value::Double(0) : Value::Missing();
  return Value::Double(Sum(bytes));
}

}  // namespace drift
