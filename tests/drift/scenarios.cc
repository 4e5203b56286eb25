#include "tests/drift/scenarios.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "drift/feature_evaluation.h"
#include "drift/ks.h"
#include "drift/psi.h"

namespace drift::testing {
namespace {

constexpr double kLevel = 0.05;
constexpr int kCategories = 20'000;

const std::string& CategoryName(int category) {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> made;
    for (int i = 0; i < kCategories; ++i) made.push_back("c" + std::to_string(i));
    return made;
  }();
  return names[static_cast<std::size_t>(category)];
}

// Four letters of equal share; in drift the first takes 6 % more of the rows.
int Letter(Random& random, bool drifted) {
  const int letter = static_cast<int>(random.Below(4));
  return drifted && random.Uniform() < 0.08 ? 0 : letter;
}

// One row in ten is of stratum 0, whose numbers and letters are others.
SimulatedRow TwoStrata(Random& random, bool drifted) {
  const int stratum = random.Uniform() < 0.1 ? 0 : 1;
  const double x = random.Normal() + (stratum == 0 ? 1.5 : 0) + (drifted ? 0.35 : 0);
  int letter = static_cast<int>(random.Below(4));
  if (stratum == 0 && random.Uniform() < 0.6) letter = 3;
  if (drifted && random.Uniform() < 0.25) letter = 0;
  const double missing = stratum == 0 ? 0.3 : (drifted ? 0.15 : 0.05);
  return {stratum, random.Uniform() < missing ? std::numeric_limits<double>::quiet_NaN() : x, letter};
}

// Number and category tell the stratum. In drift stratum 0, one row in ten before, gets 13 % of the traffic.
SimulatedRow StratumItself(Random& random, bool drifted) {
  const double share = drifted ? 0.13 : 0.1;
  const int stratum = random.Uniform() < share ? 0 : 1;
  const double within = random.Uniform();
  return {stratum, stratum == 0 ? 0.1 * within : 0.1 + 0.9 * within, stratum};
}

SimulatedRow Plain(Random& random, bool drifted) {
  const double x = random.Normal() + (drifted ? 0.2 : 0);
  return {0, x, Letter(random, drifted)};
}

SimulatedRow StrongPlain(Random& random, bool drifted) {
  const double x = random.Normal() + (drifted ? 0.51 : 0);
  int letter = Letter(random, false);
  if (drifted && random.Uniform() < 0.25) letter = 0;
  return {0, x, letter};
}

// Categories by Zipf's law over 2000, of which the reference saw about half: new ones always appear. In drift 3 %
// of the rows move to categories that were never seen.
SimulatedRow ManyCategories(Random& random, bool drifted) {
  static const std::vector<double> cumulative = [] {
    std::vector<double> sums;
    double sum = 0;
    for (int i = 1; i <= 2000; ++i) sums.push_back(sum += 1.0 / i);
    return sums;
  }();
  const double at = random.Uniform() * cumulative.back();
  int category = static_cast<int>(std::lower_bound(cumulative.begin(), cumulative.end(), at) - cumulative.begin());
  if (drifted && random.Uniform() < 0.03) category = 2000 + static_cast<int>(random.Below(kCategories - 2000));
  return {0, random.Normal() + (drifted ? 0.2 : 0), category};
}

// Values a few float32 steps apart around 1: rounding moves many across a cell's end.
SimulatedRow NarrowRange(Random& random, bool drifted) {
  const double x = 1 + 0x1p-20 * (random.Uniform() + (drifted ? 0.15 : 0));
  return {0, x, Letter(random, drifted)};
}

std::vector<Scenario> MakeScenarios() {
  std::vector<Scenario> all;
  all.push_back({.name = "unequal_rates", .what = "10 % of the traffic kept at 100 %, 90 % at 1 %",
                 .traffic_rows = 20'000, .rates = {{1.0, 0.01}}, .draw = TwoStrata, .asks_missing = true});
  all.push_back({.name = "rates_change", .what = "the same, and the rates change twice within the window",
                 .traffic_rows = 20'000, .rates = {{1.0, 0.01}, {0.2, 0.05}, {0.5, 0.02}}, .draw = TwoStrata,
                 .asks_missing = true});
  all.push_back({.name = "feature_is_stratum", .what = "the feature is the stratum", .traffic_rows = 20'000,
                 .rates = {{1.0, 0.01}}, .draw = StratumItself});
  all.push_back({.name = "eight_alike", .what = "eight alike rows a request", .traffic_rows = 8000, .draw = Plain,
                 .alike = 8});
  all.push_back({.name = "bursts", .what = "bursts of 40 like rows", .traffic_rows = 16'000, .draw = Plain,
                 .alike = 40, .own_noise = 0.3});
  all.push_back({.name = "many_categories", .what = "2000 categories, new ones appear as they always did",
                 .draw = ManyCategories});
  all.push_back({.name = "small_samples", .what = "reference of 1000 rows, window of 100", .reference_rows = 1000,
                 .traffic_rows = 100, .draw = StrongPlain});
  all.push_back({.name = "outlier", .what = "one current value of 1e6", .traffic_rows = 1000, .draw = StrongPlain,
                 .outlier = true});
  all.push_back({.name = "float32_traffic", .what = "reference in double, traffic in float32", .draw = NarrowRange,
                 .served = Dtype::kFloat32});
  return all;
}

std::array<Value, 2> Values(const SimulatedRow& row) {
  return {Value::Double(row.x), Value::Text(CategoryName(row.category))};
}

void DrawReference(const Scenario& scenario, Random& random, Replication& replication) {
  ReferenceBuilder builder({}, {NumericColumn("x", scenario.served),
                                {"c", Role::kFeature, Dtype::kText, Kind::kCategorical}});
  for (int i = 0; i < scenario.reference_rows; ++i) {
    replication.reference_rows.push_back(scenario.draw(random, false));
    if (builder.Add(Values(replication.reference_rows.back()))) std::abort();
  }
  replication.reference = std::make_shared<const Reference>(builder.Build().value());
}

}  // namespace

const std::vector<Scenario>& Scenarios() {
  static const std::vector<Scenario> all = MakeScenarios();
  return all;
}

const Scenario& FindScenario(std::string_view name) {
  for (const Scenario& scenario : Scenarios()) {
    if (scenario.name == name) return scenario;
  }
  std::abort();
}

Replication Replicate(const Scenario& scenario, std::uint64_t seed, bool drifted) {
  Random random(seed);
  Replication replication;
  DrawReference(scenario, random, replication);
  replication.window =
      std::make_unique<Window>(replication.reference, std::vector<std::string>{"vip", "plain"}, WindowSettings{});
  Window& window = *replication.window;
  const auto spans = static_cast<int>(scenario.rates.size());
  const double own = scenario.own_noise;
  int span = -1;
  SimulatedRow drawn;
  for (int i = 0; i < scenario.traffic_rows; ++i) {
    const std::int64_t time = kHour / scenario.traffic_rows * i;
    const int now = static_cast<int>(static_cast<std::int64_t>(i) * spans / scenario.traffic_rows);
    const auto& rates = scenario.rates[static_cast<std::size_t>(now)];
    if (span != now) window.SetRates(time, rates, 1 + now);
    span = now;
    if (i % scenario.alike == 0) drawn = scenario.draw(random, drifted);
    SimulatedRow row = drawn;
    if (own > 0) row.x = std::sqrt(1 - own * own) * drawn.x + own * random.Normal();
    if (scenario.outlier && i + 1 == scenario.traffic_rows) row.x = 1e6;
    if (scenario.served == Dtype::kFloat32) row.x = static_cast<double>(static_cast<float>(row.x));
    const double rate = rates[static_cast<std::size_t>(row.stratum)];
    window.CountSeen(time, row.stratum, 1);
    if (random.Uniform() >= rate) continue;
    replication.kept_rows.push_back(row);
    replication.weights.push_back(1 / rate);
    if (!window.Add(time, row.stratum, rate, 1 + now, Values(row))) std::abort();
  }
  return replication;
}

Verdict Judge(const Replication& replication) {
  const View view = PopulationView(*replication.window);
  const double m = static_cast<double>(replication.reference->rows);
  const auto sums = [&](std::size_t f) {
    return ReferenceSums(view.layout->feature(f), {replication.reference->features[f].cell_counts, m, m});
  };
  const ReferenceSums of_number = sums(0);
  const BinEstimate bins = EstimateBins(view, 0, of_number);
  const PsiTest psi(bins), category(EstimateBins(view, 1, sums(1)));
  const KsTest ks(view.layout->feature(0), *EstimateCells(view, 0, of_number, bins));
  return {psi.value(), psi.PValue(0), category.PValue(0), ks.value(), ks.PValue(0),
          MissingPValue(bins, psi.effective_samples())};
}

Rejections CountRejections(const Scenario& scenario, int replications, bool drifted) {
  Rejections sum;
  for (int i = 0; i < replications; ++i) {
    const Verdict verdict = Judge(Replicate(scenario, kFirstSeed + static_cast<std::uint64_t>(i), drifted));
    sum.psi += verdict.psi_p <= kLevel ? 1 : 0;
    sum.category += verdict.category_p <= kLevel ? 1 : 0;
    sum.ks += verdict.ks_p <= kLevel ? 1 : 0;
    sum.missing += verdict.missing_p <= kLevel ? 1 : 0;
    sum.mean_psi += verdict.psi;
    sum.mean_ks += verdict.ks;
  }
  for (double* share : {&sum.psi, &sum.category, &sum.ks, &sum.missing, &sum.mean_psi, &sum.mean_ks}) {
    *share /= replications;
  }
  return sum;
}

}  // namespace drift::testing
