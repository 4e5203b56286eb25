#include "drift/tool/check_verdict.h"

#include <algorithm>

#include "drift/profile/text.h"

namespace drift {
namespace {

constexpr size_t kNamed = 5;

bool Fails(State state, FailOn fail_on) {
  return state == State::kDrifted || (fail_on == FailOn::kWarning && state == State::kWarning);
}

CheckRow RowOf(const std::string& stratum, const FeatureResult& feature) {
  CheckRow row;
  row.stratum = stratum;
  row.feature = feature.name;
  row.role = feature.role;
  row.state = feature.state;
  row.reason = feature.reason;
  return row;
}

void AddRows(const ViewResult& view, FailOn fail_on, std::vector<CheckRow>& rows) {
  for (const FeatureResult& feature : view.features) {
    bool any = false;
    for (const MeasureResult& measure : feature.measures) {
      if (!measure.warn_threshold) continue;  // a value without a threshold of its own
      CheckRow row = RowOf(view.stratum, feature);
      row.measure = std::string(Name(measure.measure));
      row.value = measure.value;
      row.threshold = fail_on == FailOn::kWarning ? measure.warn_threshold : measure.alert_threshold;
      row.p_value = fail_on == FailOn::kWarning ? measure.p_value : measure.p_value_alert;
      row.state = measure.state;
      row.failed = fail_on != FailOn::kDataset && Fails(measure.state, fail_on);
      rows.push_back(std::move(row));
      any = true;
    }
    if (any) continue;
    rows.push_back(RowOf(view.stratum, feature));
    rows.back().undecided = !feature.ready && view.stratum.empty();
  }
}

/// "temp, dewp (stratum UA), …", each feature once.
std::string NamesOf(const std::vector<CheckRow>& rows, bool CheckRow::*which, size_t& count) {
  std::vector<std::string> names;
  for (const CheckRow& row : rows) {
    if (!(row.*which)) continue;
    std::string name = row.stratum.empty() ? row.feature : Concat(row.feature, " (stratum ", row.stratum, ")");
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  count = names.size();
  if (names.size() > kNamed) {
    names.resize(kNamed);
    names.push_back("…");
  }
  return JoinNames(names);
}

std::string Sentence(const Evaluation& evaluation, const CheckVerdict& verdict, FailOn fail_on) {
  size_t failed = 0, undecided = 0;
  const std::string failed_names = NamesOf(verdict.rows, &CheckRow::failed, failed);
  const std::string undecided_names = NamesOf(verdict.rows, &CheckRow::undecided, undecided);
  const size_t features = evaluation.population.features.size();
  if (verdict.result == CheckResult::kDrift && fail_on == FailOn::kDataset) {
    return Concat(static_cast<int>(100 * evaluation.drifted_share + 0.5), " % of the features drifted");
  }
  if (verdict.result == CheckResult::kDrift) return Concat("drift found in ", failed_names);
  if (verdict.result == CheckResult::kUndecided) {
    return Concat(undecided, " of ", features, " features could not be judged: ", undecided_names);
  }
  return Concat("no drift in ", features - undecided, " features");
}

}  // namespace

CheckVerdict JudgeCheck(const Evaluation& evaluation, FailOn fail_on, bool ignore_unready) {
  CheckVerdict verdict;
  AddRows(evaluation.population, fail_on, verdict.rows);
  for (const ViewResult& stratum : evaluation.strata) AddRows(stratum, fail_on, verdict.rows);
  std::stable_sort(verdict.rows.begin(), verdict.rows.end(), [](const CheckRow& a, const CheckRow& b) {
    return std::pair(!a.failed, !a.stratum.empty()) < std::pair(!b.failed, !b.stratum.empty());
  });
  const auto any = [&verdict](bool CheckRow::*which) {
    return std::any_of(verdict.rows.begin(), verdict.rows.end(), [which](const CheckRow& row) { return row.*which; });
  };
  const auto& features = evaluation.population.features;
  const bool none_ready = std::none_of(features.begin(), features.end(), [](const auto& f) { return f.ready; });
  const bool dataset = fail_on == FailOn::kDataset && evaluation.model_state == State::kDrifted;
  if (dataset || any(&CheckRow::failed)) {
    verdict.result = CheckResult::kDrift;
  } else if (none_ready || (!ignore_unready && any(&CheckRow::undecided))) {
    verdict.result = CheckResult::kUndecided;
  }
  verdict.sentence = Sentence(evaluation, verdict, fail_on);
  return verdict;
}

}  // namespace drift
