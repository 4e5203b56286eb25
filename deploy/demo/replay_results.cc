#include "deploy/demo/replay_results.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace driftserve {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kNanosPerMicro = 1e3;
constexpr double kNanosPerSecond = 1e9;

Json Latency(std::vector<int64_t> ns) {
  if (ns.empty()) return nullptr;
  std::sort(ns.begin(), ns.end());
  const auto quantile = [&ns](double q) {
    return static_cast<double>(ns[static_cast<size_t>(q * static_cast<double>(ns.size() - 1))]) / kNanosPerMicro;
  };
  return {{"p50", quantile(0.5)}, {"p99", quantile(0.99)}, {"max", quantile(1)}};
}

// JSON has no NaN.
Json NumberOrNull(double value) { return std::isnan(value) ? Json(nullptr) : Json(value); }

double Mean(const std::vector<double>& values) {
  double sum = 0, count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return sum / count;
}

}  // namespace

double AreaUnderCurve(const std::vector<double>& label, const std::vector<double>& score) {
  std::vector<std::pair<double, bool>> labelled;
  for (size_t i = 0; i < label.size(); ++i) {
    if (!std::isnan(label[i])) labelled.emplace_back(score[i], label[i] > 0.5);
  }
  std::sort(labelled.begin(), labelled.end());
  double positives = 0, negatives = 0, area = 0;
  for (size_t i = 0; i < labelled.size();) {
    const double value = labelled[i].first;
    double tied_positives = 0, tied_negatives = 0;
    for (; i < labelled.size() && labelled[i].first == value; ++i) {
      ++(labelled[i].second ? tied_positives : tied_negatives);
    }
    area += tied_positives * (negatives + tied_negatives / 2);
    positives += tied_positives;
    negatives += tied_negatives;
  }
  if (positives == 0 || negatives == 0) return std::numeric_limits<double>::quiet_NaN();
  return area / (positives * negatives);
}

void ReplayResults::Answered(const FlightRow& row, double p_late, int64_t latency_ns) {
  Month& month = months_[row.month];
  month.label.push_back(row.label);
  month.score.push_back(p_late);
  month.latency_ns.push_back(latency_ns);
  ++month.rows_by_carrier[row.carrier];
  if (!std::isnan(row.label)) ++month.labelled_by_carrier[row.carrier];
  ++answered_;
}

void ReplayResults::Failed(const FlightRow& row, const std::string& error) {
  Month& month = months_[row.month];
  ++month.rows_by_carrier[row.carrier];
  ++month.failed;
  ++errors_[error];
  ++failed_;
}

absl::Status ReplayResults::WriteJson(const std::string& path, double seconds) const {
  std::vector<int64_t> all;
  Json months = Json::array();
  for (const auto& [number, month] : months_) {
    all.insert(all.end(), month.latency_ns.begin(), month.latency_ns.end());
    months.push_back({{"month", number},
                      {"rows", month.score.size() + month.failed},
                      {"answered", month.score.size()},
                      {"ended_at", static_cast<double>(month.ended_unix_ns) / kNanosPerSecond},
                      {"auc", NumberOrNull(AreaUnderCurve(month.label, month.score))},
                      {"late_share", NumberOrNull(Mean(month.label))},
                      {"rows_by_carrier", month.rows_by_carrier},
                      {"labelled_by_carrier", month.labelled_by_carrier},
                      {"latency_us", Latency(month.latency_ns)}});
  }
  const Json document = {{"rows", answered_ + failed_},
                         {"answered", answered_},
                         {"failed", failed_},
                         {"errors", errors_},
                         {"seconds", seconds},
                         {"latency_us", Latency(std::move(all))},
                         {"largest_lag_ms", static_cast<double>(largest_lag_ns_) / 1e6},
                         {"labels", {{"reported", labels_reported_}, {"accepted", labels_accepted_}}},
                         {"months", std::move(months)}};
  std::ofstream file(path);
  file << document.dump(1) << "\n";
  file.close();
  if (!file) return absl::UnavailableError(absl::StrCat(path, ": cannot be written"));
  return absl::OkStatus();
}

}  // namespace driftserve
