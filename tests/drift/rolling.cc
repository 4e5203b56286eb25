#include "tests/drift/rolling.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <memory>

#include "drift/chi_squared.h"
#include "drift/evaluator.h"
#include "tests/drift/simulation.h"

namespace drift::testing {
namespace {

class Watching {
 public:
  Watching(const RollingWatch& watch, std::uint64_t seed)
      : watch_(watch),
        random_(seed),
        reference_(DrawReference()),
        window_(reference_, {"all"}, {}),
        evaluator_(reference_, Settings(), 0) {}

  // The next evaluation, after the rows up to it: whether PSI raised an alarm.
  bool Step(double shift) {
    now_ += watch_.seconds_between_evaluations * kSecond;
    const std::int64_t between = kHour / watch_.rows_per_hour;
    for (; next_row_ < now_; next_row_ += between) {
      const Value row[] = {Value::Double(random_.Normal() + shift)};
      window_.CountSeen(next_row_, 0, 1);
      (void)window_.Add(next_row_, 0, 1.0, 1, row);
    }
    window_.Advance(now_);
    const Evaluation evaluation = evaluator_.Evaluate(window_, now_);
    const auto& measures = evaluation.population.features[0].measures;
    rejected_.push_back(!measures.empty() && measures[0].p_value_no_drift.value_or(1) <= 0.05);
    if (rejected_.size() > 5) rejected_.pop_front();
    bool alarm = false;
    for (const StateChange& change : evaluation.changes) {
      const bool psi = change.measure == Measure::kPsi;
      alarm = alarm || (psi && !Loud(change.from) && Loud(change.to));
    }
    return alarm;
  }

  bool UsualRuleFires() const { return std::count(rejected_.begin(), rejected_.end(), true) >= 3; }
  std::int64_t now() const { return now_; }

 private:
  static bool Loud(State state) { return state == State::kWarning || state == State::kDrifted; }

  EvaluatorSettings Settings() const {
    EvaluatorSettings settings;
    settings.decision.observation_period_ns = 0;
    settings.thresholds.psi_warn = watch_.psi_warn;
    settings.measures = {Measure::kPsi};
    return settings;
  }

  std::shared_ptr<const Reference> DrawReference() {
    std::vector<double> values;
    for (int i = 0; i < watch_.reference_rows; ++i) values.push_back(random_.Normal());
    return NumericReference(values, 100);
  }

  const RollingWatch watch_;
  Random random_;
  const std::shared_ptr<const Reference> reference_;
  Window window_;
  Evaluator evaluator_;
  std::int64_t now_ = 0, next_row_ = 0;
  std::deque<bool> rejected_;  // "p ≤ 0.05" of the last five evaluations
};

}  // namespace

WatchedDay WatchOneDay(const RollingWatch& watch, std::uint64_t seed) {
  Watching watching(watch, seed);
  while (watching.now() < kHour) watching.Step(watch.shift);
  WatchedDay day;
  while (watching.now() < 25 * kHour) {
    day.alarms += watching.Step(watch.shift) ? 1 : 0;
    day.usual_rule = day.usual_rule || watching.UsualRuleFires();
  }
  return day;
}

std::optional<double> MinutesUntilFound(const RollingWatch& watch, double jump, std::uint64_t seed) {
  Watching watching(watch, seed);
  while (watching.now() < kHour) watching.Step(watch.shift);
  while (watching.now() < 5 * kHour) {
    if (watching.Step(watch.shift + jump)) return static_cast<double>(watching.now() - kHour) / kMinute;
  }
  return std::nullopt;
}

double ShiftOfPsi(double psi) {
  const auto psi_of = [](double shift) {
    double sum = 0, below = 0;
    for (int b = 1; b <= 10; ++b) {
      const double end = b < 10 ? 1 - NormalUpperTail(NormalUpperQuantile(1 - b / 10.0) - shift) : 1;
      sum += (end - below - 0.1) * std::log((end - below) / 0.1);
      below = end;
    }
    return sum;
  };
  double low = 0, high = 3;
  for (int i = 0; i < 60; ++i) (psi_of((low + high) / 2) < psi ? low : high) = (low + high) / 2;
  return low;
}

}  // namespace drift::testing
