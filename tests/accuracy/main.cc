// Figures of the drift library for measure_accuracy.py; one JSON object a line.
//
//   drift_accuracy sizes REPLICATIONS               size and power of every scenario
//   drift_accuracy dump SCENARIO REPLICATIONS DIR   the rows of those replications, for other tools
//   drift_accuracy distances FILE                   D, its p-value and PSI of the pairs of samples in FILE
//   drift_accuracy alarms DAYS SECONDS              alarms a day of rolling windows, evaluated every SECONDS

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "drift/ks.h"
#include "drift/psi.h"
#include "tests/drift/rolling.h"
#include "tests/drift/scenarios.h"

namespace drift::testing {
namespace {

template <typename T>
void Write(std::ofstream& file, const std::vector<T>& values) {
  file.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
}

template <typename T>
std::vector<T> Read(std::ifstream& file, std::int64_t count) {
  std::vector<T> values(static_cast<std::size_t>(count));
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
  return values;
}

int PrintSizes(int replications) {
  for (const Scenario& scenario : Scenarios()) {
    for (const bool drifted : {false, true}) {
      const Rejections r = CountRejections(scenario, replications, drifted);
      std::printf("{\"scenario\": \"%s\", \"what\": \"%s\", \"drifted\": %d, \"replications\": %d, \"psi\": %.5f, "
                  "\"category\": %.5f, \"ks\": %.5f, \"missing\": %.5f, \"mean_psi\": %.6g, \"mean_ks\": %.6g}\n",
                  std::string(scenario.name).c_str(), std::string(scenario.what).c_str(), drifted, replications, r.psi,
                  r.category, r.ks, r.missing, r.mean_psi, r.mean_ks);
      std::fflush(stdout);
    }
  }
  return 0;
}

// A file per replication: int64 m and n; then x of reference and kept rows and 1/π of the kept rows (float64), and
// the categories of both (int32).
int Dump(const Scenario& scenario, int replications, const std::string& folder) {
  for (const bool drifted : {false, true}) {
    for (int i = 0; i < replications; ++i) {
      const Replication one = Replicate(scenario, kFirstSeed + static_cast<std::uint64_t>(i), drifted);
      std::vector<double> x;
      std::vector<std::int32_t> categories;
      for (const auto* rows : {&one.reference_rows, &one.kept_rows}) {
        for (const SimulatedRow& row : *rows) x.push_back(row.x);
        for (const SimulatedRow& row : *rows) categories.push_back(row.category);
      }
      std::ofstream file(folder + (drifted ? "/drifted-" : "/same-") + std::to_string(i), std::ios::binary);
      const std::size_t n = one.kept_rows.size();
      Write(file, std::vector<std::int64_t>{scenario.reference_rows, static_cast<std::int64_t>(n)});
      Write(file, x);
      Write(file, one.weights);
      Write(file, categories);
      if (!file.flush()) return 1;
    }
  }
  return 0;
}

// FILE: int64 m and n and the two samples (float64), again and again.
int PrintDistances(const char* path) {
  std::ifstream file(path, std::ios::binary);
  for (;;) {
    const auto sizes = Read<std::int64_t>(file, 2);
    if (!file) return 0;
    const auto reference = Read<double>(file, sizes[0]), current = Read<double>(file, sizes[1]);
    if (!file) return 1;
    const Window window = PlainWindow(reference, current, 1000, true);
    const View view = PopulationView(window);
    const auto m = static_cast<double>(reference.size());
    const FeatureLayout& layout = window.layout().feature(0);
    const ReferenceSums sums(layout, {window.layout().reference().features[0].cell_counts, m, m});
    const BinEstimate bins = EstimateBins(view, 0, sums);
    const KsTest ks(layout, *EstimateCells(view, 0, sums, bins));
    std::printf("{\"d\": \"%a\", \"p\": %.17g", ks.value(), ks.PValue(0));
    if (bins.size() > 1) {
      const PsiTest psi(bins);
      std::printf(", \"psi\": %.17g, \"samples\": %.17g", psi.value(), psi.effective_samples());
    }
    std::printf("}\n");
  }
}

void PrintAlarms(const RollingWatch& watch, const char* what, int days) {
  int alarms = 0, usual = 0;
  for (int day = 0; day < days; ++day) {
    const WatchedDay watched = WatchOneDay(watch, kFirstSeed + static_cast<std::uint64_t>(day));
    alarms += watched.alarms;
    usual += watched.usual_rule ? 1 : 0;
  }
  std::printf("{\"what\": \"%s\", \"rows\": %d, \"psi_warn\": %g, \"days\": %d, \"alarms\": %d, \"usual\": %d}\n", what,
              watch.rows_per_hour, watch.psi_warn, days, alarms, usual);
  std::fflush(stdout);
}

int Alarms(int days, int seconds) {
  for (const int rows : {180, 500, 2000}) {
    PrintAlarms({.rows_per_hour = rows, .seconds_between_evaluations = seconds, .psi_warn = 0}, "no drift", days);
    PrintAlarms({.rows_per_hour = rows, .seconds_between_evaluations = seconds}, "no drift", days);
    PrintAlarms({.rows_per_hour = rows, .seconds_between_evaluations = seconds, .shift = ShiftOfPsi(0.1)},
                "PSI at the level", days);
  }
  for (const int rows : {500, 2000, 20'000}) {
    const RollingWatch watch{.rows_per_hour = rows, .seconds_between_evaluations = seconds};
    std::vector<double> minutes;
    const int tries = days / 5;
    for (int i = 0; i < tries; ++i) {
      const auto found = MinutesUntilFound(watch, ShiftOfPsi(0.25), kFirstSeed + static_cast<std::uint64_t>(i));
      if (found) minutes.push_back(*found);
    }
    std::sort(minutes.begin(), minutes.end());
    std::printf("{\"what\": \"jump to PSI 0.25\", \"rows\": %d, \"tries\": %d, \"found\": %zu, \"minutes\": %.1f}\n",
                rows, tries, minutes.size(), minutes.empty() ? 0.0 : minutes[minutes.size() / 2]);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace drift::testing

int main(int count, char** arguments) {
  using namespace drift::testing;
  const std::string what = count > 1 ? arguments[1] : "";
  if (what == "sizes" && count == 3) return PrintSizes(std::atoi(arguments[2]));
  if (what == "dump" && count == 5) return Dump(FindScenario(arguments[2]), std::atoi(arguments[3]), arguments[4]);
  if (what == "distances" && count == 3) return PrintDistances(arguments[2]);
  if (what == "alarms" && count == 4) return Alarms(std::atoi(arguments[2]), std::atoi(arguments[3]));
  std::fprintf(stderr, "usage: see tests/accuracy/main.cc\n");
  return 2;
}
