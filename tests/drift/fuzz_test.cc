// Any sequence of values, strata and times, from fixed seeds: no crash, nothing that is not finite comes out, and
// every row is in the window, in the retired totals, or in a counter of what was refused.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "drift/evaluator.h"
#include "tests/drift/simulation.h"

namespace drift {
namespace {

using testing::kHour;
using testing::kMinute;
using testing::Random;

constexpr double kSpecials[] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                                -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::max(),
                                std::numeric_limits<double>::lowest(), std::numeric_limits<double>::denorm_min(),
                                -1e-310, 0.0, -0.0, 1e300, 1, 2, 3};

Value AnyValue(Random& random, bool text) {
  static const std::string kTexts[] = {"a", "b", "c", "", std::string("\0x", 2), "a long name that is not short"};
  if (random.Below(400) == 0) return text ? Value::Double(1) : Value::Text("not a number");
  if (random.Below(10) == 0) return Value::Missing();
  if (text) return Value::Text(kTexts[random.Below(random.Below(2) == 0 ? 2 : 6)]);
  switch (random.Below(4)) {
    case 0: return Value::Double(kSpecials[random.Below(std::size(kSpecials))]);
    case 1: return Value::Int64(static_cast<std::int64_t>(random.Bits()) >> random.Below(64));
    case 2: return Value::Uint64(random.Bits() >> random.Below(64));
    default: return Value::Double(random.Normal() * std::pow(10, static_cast<double>(random.Below(5))));
  }
}

std::vector<Value> AnyRow(Random& random) {
  std::vector<Value> row;
  for (int f = 0; f < 4; ++f) row.push_back(AnyValue(random, f == 3));
  return row;
}

std::shared_ptr<const Reference> AnyReference(Random& random) {
  BuilderSettings settings;
  settings.cells = 10 + static_cast<int>(random.Below(200));
  settings.always_rank_cells = random.Below(4) == 0;
  settings.time_ordered = random.Below(2) == 0;
  constexpr Dtype kDtypes[] = {Dtype::kFloat64, Dtype::kFloat32, Dtype::kFloat16,
                                Dtype::kInt64,   Dtype::kUint64,  Dtype::kInt8};
  std::vector<ColumnSpec> columns;
  for (int f = 0; f < 3; ++f) {
    const Dtype dtype = kDtypes[random.Below(std::size(kDtypes))];
    columns.push_back({"n" + std::to_string(f), Role::kFeature, dtype, std::nullopt});
    if (random.Below(2) == 0) columns.back().kind = Kind::kNumeric;
  }
  columns.push_back({"text", Role::kPrediction, Dtype::kText, std::nullopt});
  ReferenceBuilder builder(settings, columns);
  const std::uint64_t rows = 1 + random.Below(random.Below(3) == 0 ? 10 : 3000);
  const bool strata = random.Below(2) == 0;
  while (builder.rows() < rows) {
    // A row that cannot be read is refused and leaves no trace.
    (void)builder.Add(AnyRow(random), strata && random.Below(3) > 0 ? "s" + std::to_string(random.Below(2)) : "");
  }
  auto built = builder.Build();
  EXPECT_TRUE(built.ok()) << built.error().message;
  return std::make_shared<const Reference>(built.value());
}

void ExpectFinite(double value, const std::string& what) { ASSERT_TRUE(std::isfinite(value)) << what; }

void ExpectFinite(const std::optional<double>& value, const std::string& what) {
  if (value) {
    ASSERT_TRUE(std::isfinite(*value)) << what;
  }
}

void Check(const ViewResult& view) {
  ExpectFinite(view.rows_seen, "rows_seen");
  for (const FeatureResult& feature : view.features) {
    ExpectFinite(feature.kept_rows, feature.name);
    ExpectFinite(feature.effective_samples, feature.name);
    ExpectFinite(feature.kish_samples, feature.name);
    ExpectFinite(feature.design_effect, feature.name);
    ExpectFinite(feature.missing_ratio, feature.name);
    ExpectFinite(feature.missing_p_value, feature.name);
    ASSERT_TRUE(feature.ready || !feature.reason.empty()) << feature.name;
    ASSERT_TRUE(feature.ready || feature.measures.empty()) << feature.name;
    double share = 0;
    for (const Bin& bin : feature.bins) {
      ExpectFinite(bin.lower, bin.label.str());
      ExpectFinite(bin.upper, bin.label.str());
      ExpectFinite(bin.reference_share, bin.label.str());
      ExpectFinite(bin.current_share, bin.label.str());
      share += bin.current_share.value_or(0);
    }
    if (feature.kept_rows > 0) {
      ASSERT_NEAR(share, 1, 1e-9) << feature.name;
    }
    for (const MeasureResult& result : feature.measures) {
      const std::string what = feature.name + " " + std::string(Name(result.measure));
      ExpectFinite(result.value, what);
      ASSERT_GE(result.value, 0) << what;
      for (const auto& value : {result.value_upper, result.bias_corrected, result.warn_threshold,
                                result.alert_threshold, result.p_value, result.p_value_alert, result.p_value_no_drift}) {
        ExpectFinite(value, what);
      }
      for (const auto& p : {result.p_value, result.p_value_alert, result.p_value_no_drift}) {
        ASSERT_TRUE(!p || (*p >= 0 && *p <= 1)) << what;
      }
    }
  }
}

void Check(const Evaluation& evaluation) {
  Check(evaluation.population);
  for (const ViewResult& view : evaluation.strata) Check(view);
  ExpectFinite(evaluation.drifted_share, "drifted_share");
  for (const StateChange& change : evaluation.changes) {
    ExpectFinite(change.value, change.feature);
    ExpectFinite(change.threshold, change.feature);
    ExpectFinite(change.p_value, change.feature);
  }
}

struct Fed {
  std::uint64_t rows = 0, seen = 0;
};

void OneStep(Random& random, Window& window, std::int64_t& now, Fed& fed) {
  now += static_cast<std::int64_t>(random.Below(200)) * kMinute / 100;
  std::int64_t time = now;
  if (random.Below(20) == 0) time -= static_cast<std::int64_t>(random.Below(90)) * kMinute;  // back in time
  if (random.Below(3000) == 0) now = time = now + 5 * kHour;                                  // and a leap
  const int stratum = static_cast<int>(random.Below(4)) - (random.Below(50) == 0 ? 1 : 0);
  const double rate = random.Below(100) == 0 ? random.Normal() : (stratum == 0 ? 1.0 : 0.25);
  const int rule = 1 + static_cast<int>(random.Below(500) == 0 ? random.Below(5) : 0);
  switch (random.Below(8)) {
    case 0: {
      const std::uint64_t rows = random.Below(5);
      window.CountSeen(time, stratum, rows);
      fed.seen += rows;
      return;
    }
    case 1:
      if (random.Below(100) == 0) window.CountDropped(time, stratum, random.Below(3));
      return;
    case 2:
      if (random.Below(200) == 0) {
        const double rates[] = {random.Uniform(), random.Normal(), 0};
        window.SetRates(time, rates, rule);
      }
      return;
    default:
      (void)window.Add(time, stratum, rate, rule, AnyRow(random));
      ++fed.rows;
  }
}

TEST(FuzzTest, AnySequenceOfRows) {
  const int rounds = testing::Replications(60);
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    Random random(900 + static_cast<std::uint64_t>(round));
    const auto reference = AnyReference(random);
    const int panes = 1 + static_cast<int>(random.Below(80));
    const std::size_t byte_limit = random.Below(2) == 0 ? 64u << 20 : 20'000u;
    Window window(reference, {"s0", "s1", "s2"}, {kHour, panes, byte_limit});
    EvaluatorSettings settings;
    settings.decision.observation_period_ns = 0;
    settings.thresholds.psi_warn = random.Below(4) == 0 ? 0 : 0.1;
    settings.thresholds.ks_warn = random.Below(4) == 0 ? 0 : 0.1;
    settings.measures = {Measure::kPsi,       Measure::kKs,        Measure::kWasserstein, Measure::kJensenShannon,
                         Measure::kHellinger, Measure::kLInfinity, Measure::kChiSquare};
    Evaluator evaluator(reference, settings, 0);
    std::int64_t now = static_cast<std::int64_t>(random.Below(3) - 1) * 100 * kHour;
    Fed fed;
    for (int step = 0; step < 6000; ++step) {
      OneStep(random, window, now, fed);
      if (step % 250 == 249) {
        ASSERT_NO_FATAL_FAILURE(Check(evaluator.Evaluate(window, now)));
      }
    }
    std::uint64_t kept = 0, bins = 0, seen = 0;
    for (const CumulativeCounts& counts : window.Cumulative()) {
      kept += counts.kept;
      seen += counts.seen;
      for (const std::uint64_t count : counts.bins) bins += count;
    }
    const WindowCounters& counters = window.counters();
    EXPECT_EQ(bins, kept * reference->features.size());
    EXPECT_LE(kept + counters.late_rows + counters.unreadable_rows, fed.rows);
    EXPECT_GE(kept + counters.late_rows + counters.unreadable_rows + counters.invalid_rows, fed.rows);
    EXPECT_LE(seen, fed.seen);
    EXPECT_GT(kept, 0u);
  }
}

}  // namespace
}  // namespace drift
