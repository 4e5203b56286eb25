// Writes a promtool test of the fleet's recording rules: counters of generated replicas, and the PSI, KS and effective
// samples that the drift library makes of the same rows. Usage: fleet_numbers RULES_FILE > test.yml
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "drift/bin_estimate.h"
#include "drift/builder.h"
#include "drift/psi.h"
#include "drift/view.h"
#include "drift/window.h"

namespace {

using namespace drift;

constexpr int kReferenceRows = 4000;
constexpr const char* kModel = "model_name=\"m\",model_version=\"1\"";

// A stratum under one sampling rule, as one replica sees it.
struct Cell {
  const char* stratum;
  int rule;
  double rate;
  uint64_t seen;
  double shift;  // of the temperature, against the reference
};
struct Replica {
  const char* instance;
  std::vector<Cell> cells;
  bool restarts;  // its counters begin anew half-way
};

// Unequal traffic, unequal rates, two versions of the rule on one replica and a thin stratum.
const std::vector<Replica> kReplicas = {
    {"a", {{"gold", 1, 1.0, 400, 0.0}, {"silver", 1, 0.25, 2400, 0.4}, {"default", 1, 0.02, 30'000, 0.1}}, false},
    {"b", {{"gold", 1, 1.0, 90, 1.0}, {"silver", 1, 0.25, 8000, 0.3}, {"default", 1, 0.02, 11'000, 0.0}}, true},
    {"c", {{"gold", 2, 0.5, 700, 0.2}, {"silver", 2, 0.05, 5000, 0.5}, {"default", 1, 0.02, 6000, 0.2},
           {"default", 2, 0.2, 9000, -0.3}}, false},
};

// temp moves with its stratum, hour does not, carrier has new values, flag is true in the reference only.
std::vector<Value> Row(std::mt19937& random, double shift, bool reference) {
  const auto uniform = [&random] { return (static_cast<double>(random()) + 0.5) / 4294967296.0; };
  const double normal = std::sqrt(-2 * std::log(uniform())) * std::cos(6.283185307179586 * uniform());
  const double kind = uniform();
  const char* carrier = kind < 0.5 ? "UA" : kind < 0.8 ? "DL" : !reference && kind > 0.97 ? "XX" : "AA";
  return {uniform() < 0.03 ? Value::Missing() : Value::Double(normal + shift),
          Value::Int64(static_cast<int64_t>(uniform() * 24)), Value::Text(carrier),
          Value::Bool(reference && uniform() < 0.02)};
}

std::shared_ptr<const Reference> MakeReference() {
  BuilderSettings settings;
  settings.model_name = "m";
  settings.model_version = "1";
  ReferenceBuilder builder(settings, {{"temp", Role::kFeature, Dtype::kFloat64, Kind::kNumeric},
                                      {"hour", Role::kFeature, Dtype::kInt64, Kind::kNumeric},
                                      {"carrier", Role::kFeature, Dtype::kText, Kind::kCategorical},
                                      {"flag", Role::kPrediction, Dtype::kBool, Kind::kCategorical}});
  std::mt19937 random(1);
  for (int i = 0; i < kReferenceRows; ++i) {
    if (builder.Add(Row(random, 0, true))) std::abort();
  }
  return std::make_shared<const Reference>(builder.Build().value());
}

// A group of the rules is a stratum under one rule: a stratum of its own to the library.
std::vector<std::string> Groups() {
  return {"gold 1", "silver 1", "default 1", "gold 2", "silver 2", "default 2"};
}
int GroupOf(const Cell& cell) {
  const auto groups = Groups();
  for (size_t i = 0; i < groups.size(); ++i) {
    if (groups[i] == std::string(cell.stratum) + " " + std::to_string(cell.rule)) return static_cast<int>(i);
  }
  std::abort();
}

// All rows at one time: the variance is then the model form, as in the rules.
Window Fill(const Replica& replica, const std::shared_ptr<const Reference>& reference, std::mt19937& random) {
  Window window(reference, Groups(), {});
  for (const Cell& cell : replica.cells) {
    std::vector<double> rates(Groups().size(), 0);
    rates[static_cast<size_t>(GroupOf(cell))] = cell.rate;
    window.SetRates(0, rates, cell.rule);
    window.CountSeen(0, GroupOf(cell), cell.seen);
    for (uint64_t row = 0; row < cell.seen; ++row) {
      const bool kept = static_cast<double>(random()) < cell.rate * 4294967296.0;
      if (kept) window.Add(0, GroupOf(cell), cell.rate, cell.rule, Row(random, cell.shift, false));
    }
  }
  return window;
}

void Series(const std::string& name, const std::string& labels, const std::string& values) {
  std::cout << "      - series: '" << name << "{" << labels << "," << kModel << "}'\n"
            << "        values: '" << values << "'\n";
}

// A counter that grows to `total` within the hour; one of a replica that restarts grows, falls to 0 and grows again.
std::string Growth(uint64_t total, bool restarts) {
  if (!restarts) return "0x40 " + std::to_string(total) + "x19";
  const uint64_t before = total / 3;
  return "0x10 " + std::to_string(before) + "x19 0x9 " + std::to_string(total - before) + "x19";
}

void WriteCounters(const Replica& replica, const Window& window) {
  const std::string instance = std::string("instance=\"") + replica.instance + "\",job=\"driftserve\"";
  const Layout& layout = window.layout();
  for (const CumulativeCounts& counts : window.Cumulative()) {
    std::string group = Groups()[static_cast<size_t>(counts.stratum)];
    const size_t space = group.find(' ');
    const std::string labels = instance + ",stratum=\"" + group.substr(0, space) + "\",rule=\"" +
                               group.substr(space + 1) + "\"";
    Series("model_stratum_rows_total", labels + ",outcome=\"seen\"", Growth(counts.seen, replica.restarts));
    Series("model_stratum_rows_total", labels + ",outcome=\"kept\"", Growth(counts.kept, replica.restarts));
    for (size_t f = 0; f < layout.features(); ++f) {
      for (uint32_t bin = 0; bin < layout.feature(f).bins(); ++bin) {
        char text[200];
        std::snprintf(text, sizeof text, ",feature=\"%s\",bin=\"%02u %s\"",
                      layout.reference().features[f].name.c_str(), bin, layout.feature(f).BinLabel(bin).str().c_str());
        Series("model_feature_bin_observations_total", labels + text,
               Growth(counts.bins[layout.bin_offset(f) + bin], replica.restarts));
      }
    }
  }
  Series("model_reference_rows", instance, std::to_string(kReferenceRows) + "x60");
}

void WriteReference(const Layout& layout) {
  for (size_t f = 0; f < layout.features(); ++f) {
    const FeatureReference& feature = layout.reference().features[f];
    std::vector<uint64_t> counts(layout.feature(f).bins(), 0);
    for (uint32_t cell = 0; cell < layout.feature(f).cells(); ++cell) {
      counts[layout.feature(f).bin_of(cell)] += feature.cell_counts[cell];
    }
    for (uint32_t bin = 0; bin < counts.size(); ++bin) {
      char labels[300], share[40];
      std::snprintf(labels, sizeof labels,
                    "instance=\"a\",job=\"driftserve\",feature=\"%s\",role=\"%s\",kind=\"%s\",bin=\"%02u %s\"",
                    feature.name.c_str(), std::string(Name(feature.role)).c_str(),
                    std::string(Name(feature.kind)).c_str(), bin, layout.feature(f).BinLabel(bin).str().c_str());
      std::snprintf(share, sizeof share, "%.17gx60", static_cast<double>(counts[bin]) / kReferenceRows);
      Series("model_feature_reference_ratio", labels, share);
    }
  }
}

void Expect(const std::string& metric, const std::string& feature, double value, double tolerance) {
  char text[400];
  std::snprintf(text, sizeof text,
                "      - expr: abs(%s{feature=\"%s\"} - %.17g) < bool %g\n"
                "        eval_time: 60m\n        exp_samples:\n"
                "          - {labels: '{%s, feature=\"%s\"}', value: 1}\n",
                metric.c_str(), feature.c_str(), value, tolerance, kModel, feature.c_str());
  std::cout << text;
}

// The largest distance between the sums of shares at the ends of the bins, missing values aside.
double BinnedKs(const BinEstimate& estimate, uint32_t missing_bin) {
  double off = 0, largest = 0, reference = 0, current = 0;
  for (size_t i = 0; i < estimate.size(); ++i) {
    if (estimate.bins[i] == missing_bin) continue;
    reference += estimate.reference[i];
    current += estimate.current[i];
  }
  for (size_t i = 0; i < estimate.size(); ++i) {
    if (estimate.bins[i] == missing_bin) continue;
    off += estimate.reference[i] / reference - estimate.current[i] / current;
    largest = std::max(largest, std::fabs(off));
  }
  return largest;
}

void WriteExpectations(const Window& fleet) {
  const View view = PopulationView(fleet);
  const Layout& layout = fleet.layout();
  for (size_t f = 0; f < layout.features(); ++f) {
    const FeatureReference& feature = layout.reference().features[f];
    const ReferenceSums sums(layout.feature(f), {feature.cell_counts, kReferenceRows, kReferenceRows});
    const BinEstimate estimate = EstimateBins(view, f, sums);
    const PsiTest psi(estimate);
    if (estimate.measured || psi.value() <= 0) std::abort();
    Expect("model_feature:drift_psi:fleet", feature.name, psi.value(), 1e-6);
    Expect("model_feature:effective_samples:fleet", feature.name, psi.effective_samples(),
           1e-6 * psi.effective_samples());
    if (feature.kind == Kind::kCategorical) continue;
    Expect("model_feature:drift_ks:fleet", feature.name, BinnedKs(estimate, layout.feature(f).missing_bin()), 1e-6);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: fleet_numbers RULES_FILE\n";
    return 2;
  }
  const auto reference = MakeReference();
  std::mt19937 random(2);
  Window fleet(reference, Groups(), {});
  std::cout << "rule_files: [" << argv[1] << "]\nevaluation_interval: 1m\n"
            << "tests:\n  - interval: 1m\n    input_series:\n";
  for (const Replica& replica : kReplicas) {
    const Window window = Fill(replica, reference, random);
    WriteCounters(replica, window);
    if (fleet.Merge(window)) std::abort();
  }
  WriteReference(fleet.layout());
  std::cout << "    promql_expr_test:\n";
  WriteExpectations(fleet);
  return 0;
}
