#ifndef DRIFTSERVE_TESTS_DRIFT_SCENARIOS_H_
#define DRIFTSERVE_TESTS_DRIFT_SCENARIOS_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "drift/window.h"
#include "tests/drift/simulation.h"

namespace drift::testing {

// One row of simulated traffic: a number that may be missing (NaN) and a category.
struct SimulatedRow {
  int stratum = 0;
  double x = 0;
  int category = 0;
};

// A situation in which nothing drifts and a drift test is easily wrong, and the same with a planted drift
// (statistics.md §0). Reference rows are independent draws; the traffic is one hour.
struct Scenario {
  std::string_view name, what;
  int reference_rows = 5000;
  int traffic_rows = 2000;
  // Inclusion probabilities of the two strata, for equal spans of the hour: one entry, or the rates change.
  std::vector<std::array<double, 2>> rates = {{1.0, 1.0}};
  std::function<SimulatedRow(Random&, bool drifted)> draw;
  int alike = 1;         // traffic rows in succession that repeat one draw: requests of many rows, bursts
  double own_noise = 0;  // standard deviation of what each of them adds to x
  bool outlier = false;  // the last number of the traffic is 1e6
  Dtype served = Dtype::kFloat64;  // the traffic's numbers are rounded to it; the reference's come in double
  bool asks_missing = false;       // x is missing in part of the rows, and the missing share is judged too
};

const std::vector<Scenario>& Scenarios();
const Scenario& FindScenario(std::string_view name);

// One replication: the reference profile with features "x" and "c", the rows that made it, and the window.
struct Replication {
  std::vector<SimulatedRow> reference_rows, kept_rows;
  std::vector<double> weights;  // 1/π of every kept row
  std::shared_ptr<const Reference> reference;
  std::unique_ptr<Window> window;
};
Replication Replicate(const Scenario& scenario, std::uint64_t seed, bool drifted);

// What the tests of "no drift at all" say of it. Readiness is not asked for.
struct Verdict {
  double psi = 0, psi_p = 1, category_p = 1, ks = 0, ks_p = 1, missing_p = 1;
};
Verdict Judge(const Replication& replication);

// Share of replications in which each test rejects at 5 %, and the mean statistics.
struct Rejections {
  double psi = 0, category = 0, ks = 0, missing = 0;
  double mean_psi = 0, mean_ks = 0;
};
Rejections CountRejections(const Scenario& scenario, int replications, bool drifted);

}  // namespace drift::testing

#endif  // DRIFTSERVE_TESTS_DRIFT_SCENARIOS_H_
