#include "drift/profile/monitor_file.h"

#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drift {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;

constexpr int64_t kSecond = 1'000'000'000;

constexpr char kWhole[] = R"(features:
  - {name: temp,      input: features, column: 3, type: numeric, measures: [psi, wasserstein]}
  - {name: carrier,   input: carrier,  type: categorical}
  - {name: brightness, input: image, reduce: mean}
  - {name: emb, input: embedding, reduce: {projections: 8, seed: 18446744073709551615}}
  - {name: untold, input: features}
predictions:
  - {name: p_late, output: score, column: 0, type: numeric}
sampling:
  key: request_id
  stratum: {feature: carrier}
  rates:   {HA: 1.0, AS: 1.0, UA: 0.05, NO: 0}
  default_rate: 0.02
  seed: 7
window:      {length: 2h, panes: 30, evaluate_every: 500ms, byte_limit: 16MiB}
thresholds:  {psi: {warn: 0.2, alert: 0.3}, ks: {warn: 0.15, alert: 0.25}, alpha: 0.01, multiplicity: holm}
decision:    {false_alarms_per_day: 0.1, debounce: 2 of 4, observation_period: 14d, dataset_drift_share: 0.3}
reference:   {cycle: 24h}
record:      {fields: [temp, {carrier: hash}, {emb: drop}]}
)";

constexpr char kSmall[] = "features: [{name: a, input: x}]\n";

std::string FaultsOf(const std::string& text) {
  const auto settings = ParseMonitor(text, "monitor.yaml");
  return settings.ok() ? "no fault" : std::string(settings.status().message());
}

/// The faults of the small file with `section` beneath it.
std::string FaultsWith(const std::string& section) { return FaultsOf(kSmall + section); }

TEST(MonitorFile, ReadsEveryFeature) {
  const auto settings = ParseMonitor(kWhole, "monitor.yaml");
  ASSERT_TRUE(settings.ok()) << settings.status();
  ASSERT_EQ(settings->features.size(), 12u);
  const FeatureSpec& temp = settings->features[0];
  EXPECT_EQ(temp.name, "temp");
  EXPECT_EQ(temp.tensor, "features");
  EXPECT_EQ(temp.column, 3);
  EXPECT_EQ(temp.kind, Kind::kNumeric);
  EXPECT_THAT(temp.measures, ElementsAre(Measure::kPsi, Measure::kWasserstein));
  EXPECT_EQ(settings->features[1].kind, Kind::kCategorical);
  EXPECT_EQ(settings->features[1].column, 0);
  EXPECT_EQ(settings->features[2].reduce.reduction, Reduction::kMean);
  EXPECT_EQ(settings->features[3].reduce.reduction, Reduction::kProjections);
  EXPECT_EQ(settings->features[3].reduce.projections, 8);
  EXPECT_EQ(settings->features[3].reduce.seed, ~uint64_t{0});
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(settings->features[3 + i].name, "emb_" + std::to_string(i));
    EXPECT_EQ(settings->features[3 + i].declared, "emb");
    EXPECT_EQ(settings->features[3 + i].tensor, "embedding");
    EXPECT_EQ(settings->features[3 + i].reduce.projection, i);
  }
  EXPECT_EQ(settings->features[11].kind, std::nullopt);
  EXPECT_TRUE(settings->has_reductions());
  ASSERT_EQ(settings->predictions.size(), 1u);
  EXPECT_EQ(settings->predictions[0].tensor, "score");
}

TEST(MonitorFile, ReadsEverySection) {
  const auto settings = ParseMonitor(kWhole, "monitor.yaml");
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->sampling.key, SamplingKeySource::kRequestId);
  EXPECT_EQ(settings->sampling.stratum_from, StratumFrom::kFeature);
  EXPECT_EQ(settings->sampling.stratum_name, "carrier");
  EXPECT_THAT(settings->sampling.rates, ElementsAre(Pair("AS", 1), Pair("HA", 1), Pair("NO", 0), Pair("UA", 0.05)));
  EXPECT_EQ(settings->sampling.default_rate, 0.02);
  EXPECT_EQ(settings->sampling.seed, 7u);
  EXPECT_EQ(settings->window.length_ns, 7200 * kSecond);
  EXPECT_EQ(settings->window.panes, 30);
  EXPECT_EQ(settings->window.byte_limit, size_t{16} << 20);
  EXPECT_EQ(settings->evaluate_every_ns, kSecond / 2);
  EXPECT_EQ(settings->thresholds.psi_warn, 0.2);
  EXPECT_EQ(settings->thresholds.psi_alert, 0.3);
  EXPECT_EQ(settings->thresholds.ks_warn, 0.15);
  EXPECT_EQ(settings->thresholds.ks_alert, 0.25);
  EXPECT_EQ(settings->thresholds.alpha, 0.01);
  EXPECT_EQ(settings->thresholds.multiplicity, Multiplicity::kHolm);
  EXPECT_EQ(settings->decision.false_alarms_per_day, 0.1);
  EXPECT_EQ(settings->decision.debounce_hits, 2);
  EXPECT_EQ(settings->decision.debounce_of, 4);
  EXPECT_EQ(settings->decision.observation_period_ns, 14 * 86400 * kSecond);
  EXPECT_EQ(settings->dataset_drift_share, 0.3);
  EXPECT_EQ(settings->cycle_ns, 86400 * kSecond);
  EXPECT_EQ(settings->record.ModeOf("temp"), RecordMode::kKeep);
  EXPECT_EQ(settings->record.ModeOf("carrier"), RecordMode::kHash);
  EXPECT_EQ(settings->record.modes.at("emb_7"), RecordMode::kDrop);
  EXPECT_EQ(settings->record.ModeOf("untold"), RecordMode::kDrop);
}

TEST(MonitorFile, EvaluatorSettingsCarryThresholdsAndMeasures) {
  const EvaluatorSettings evaluator = ParseMonitor(kWhole, "m")->evaluator();
  EXPECT_EQ(evaluator.thresholds.psi_warn, 0.2);
  EXPECT_EQ(evaluator.decision.debounce_of, 4);
  EXPECT_EQ(evaluator.dataset_drift_share, 0.3);
  EXPECT_THAT(evaluator.feature_measures, ElementsAre(Pair("temp", ElementsAre(Measure::kPsi, Measure::kWasserstein))));
}

TEST(MonitorFile, DefaultsAreThoseOfTheStructs) {
  const auto settings = ParseMonitor(kSmall, "monitor.yaml");
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->window.length_ns, 3600 * kSecond);
  EXPECT_EQ(settings->window.panes, 60);
  EXPECT_EQ(settings->evaluate_every_ns, 15 * kSecond);
  EXPECT_EQ(settings->sampling.key, SamplingKeySource::kSequence);
  EXPECT_EQ(settings->sampling.stratum_from, StratumFrom::kNone);
  EXPECT_EQ(settings->sampling.default_rate, 0.01);
  EXPECT_TRUE(settings->record.all);
  EXPECT_EQ(settings->record.ModeOf("a"), RecordMode::kKeep);
  EXPECT_FALSE(settings->has_reductions());
  EXPECT_TRUE(settings->evaluator().feature_measures.empty());
}

TEST(MonitorFile, RuleVersionFollowsTheRule) {
  const auto version = [](const std::string& sampling) {
    const auto settings = ParseMonitor(kSmall + sampling, "m");
    return settings.ok() ? settings->sampling.rule_version : -1;
  };
  const int plain = version("sampling: {default_rate: 0.5}\n");
  EXPECT_GT(plain, 0);
  EXPECT_EQ(plain, version("sampling: {seed: 0, default_rate: 5e-1}\nwindow: {length: 2h}\n"));
  EXPECT_NE(plain, version("sampling: {default_rate: 0.51}\n"));
  EXPECT_NE(plain, version("sampling: {default_rate: 0.5, seed: 1}\n"));
  EXPECT_NE(plain, version("sampling: {default_rate: 0.5, key: request_id}\n"));
  EXPECT_NE(plain, version("sampling: {default_rate: 0.5, stratum: {metadata: x-tier}, rates: {gold: 1}}\n"));
}

TEST(MonitorFile, EveryFaultIsReportedInOrderWithItsPlace) {
  EXPECT_EQ(FaultsOf("features:\n"
                     "  - {name: a, input: x, typ: numeric}\n"
                     "  - {name: a, column: -1}\n"
                     "window: {length: 90, panes: 1}\n"
                     "colour: blue\n"),
            "monitor.yaml:2:25: key 'features[0].typ': expected one of the keys name, input, column, type, reduce, "
            "measures, got a key that is not known here\n"
            "monitor.yaml:3:5: key 'features[1].input': expected a text, got nothing: the key is missing\n"
            "monitor.yaml:3:12: key 'features[1].name': expected a name of its own for each feature and prediction, "
            "got 'a' again\n"
            "monitor.yaml:3:23: key 'features[1].column': expected a whole number from 0 to 2147483648, got '-1'\n"
            "monitor.yaml:4:18: key 'window.length': expected a duration from 10ms to 366d with its unit (ms, s, m, h "
            "or d, as in 15s), got '90'\n"
            "monitor.yaml:4:29: key 'window.panes': expected a whole number from 2 to 1440, got '1'\n"
            "monitor.yaml:5:1: key 'colour': expected one of the keys features, predictions, sampling, window, "
            "thresholds, decision, reference, record, labels, got a key that is not known here");
}

struct BadSection {
  const char* text;
  const char* message;
};

class BadMonitorSection : public ::testing::TestWithParam<BadSection> {};

TEST_P(BadMonitorSection, IsNamed) {
  const std::string faults = FaultsWith(GetParam().text);
  EXPECT_THAT(faults, StartsWith("monitor.yaml:2:"));
  EXPECT_THAT(faults, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Sections, BadMonitorSection,
    ::testing::Values(
        BadSection{"window: 5\n", "key 'window': expected a mapping of keys to values, got '5'"},
        BadSection{"window: {length: 1 hour}\n", "key 'window.length': expected a duration"},
        BadSection{"window: {length: -1h}\n", "got '-1h'"}, BadSection{"window: {length: 1e3s}\n", "got '1e3s'"},
        BadSection{"window: {length: 99999999999999999999d}\n", "key 'window.length'"},
        BadSection{"window: {length: [1h]}\n", "got a list"},
        BadSection{"window: {length: }\n",
                   "key 'window.length': expected a duration from 10ms to 366d with its unit (ms, "
                   "s, m, h or d, as in 15s), got nothing"},
        BadSection{"window: {panes: 6.5}\n", "key 'window.panes': expected a whole number from 2 to 1440, got '6.5'"},
        BadSection{"window: {panes: \"60\"}\n", "key 'window.panes'"},
        BadSection{"window: {length: 100ms, panes: 1000, evaluate_every: 1ms}\n",
                   "expected panes of at least 1ms, got 1000 panes in 100ms"},
        BadSection{"window: {length: 5s}\n",
                   "key 'window.evaluate_every': expected at most window.length, 5s, got 15s"},
        BadSection{"window: {byte_limit: 5MB}\n", "key 'window.byte_limit': expected a size"},
        BadSection{"window: {panes: 10, panes: 20}\n", "key 'window.panes': expected each key once"},
        BadSection{"thresholds: {psi: {warn: 0.3, alert: 0.2}}\n",
                   "key 'thresholds.psi.alert': expected a level above warn, which is 0.3, got 0.2"},
        BadSection{"thresholds: {ks: {warn: 1.5}}\n",
                   "key 'thresholds.ks.warn': expected a number from 0 to 1, got '1.5'"},
        BadSection{"thresholds: {alpha: 0}\n", "key 'thresholds.alpha'"},
        BadSection{"thresholds: {alpha: .nan}\n", "key 'thresholds.alpha'"},
        BadSection{"thresholds: {psi: {warn: inf}}\n", "key 'thresholds.psi.warn'"},
        BadSection{"thresholds: {multiplicity: fdr}\n",
                   "expected one of benjamini_hochberg, holm, bonferroni, none, got 'fdr'"},
        BadSection{"decision: {debounce: 3/5}\n",
                   "expected 'k of n' with 1 <= k <= n <= 32, as in '3 of 5', got '3/5'"},
        BadSection{"decision: {debounce: 6 of 5}\n", "key 'decision.debounce'"},
        BadSection{"decision: {debounce: 0 of 5}\n", "key 'decision.debounce'"},
        BadSection{"decision: {observation_period: two weeks}\n", "key 'decision.observation_period'"},
        BadSection{"decision: {false_alarms_per_day: 0}\n", "key 'decision.false_alarms_per_day'"},
        BadSection{"reference: {cycle: daily}\n", "key 'reference.cycle'"},
        BadSection{"record: {fields: some}\n",
                   "key 'record.fields': expected all, or a list such as [temp, {carrier: hash}], got 'some'"},
        BadSection{"record: {fields: [b]}\n",
                   "key 'record.fields[0]': expected the name of a feature or prediction, got 'b'"},
        BadSection{"record: {fields: [a, {a: drop}]}\n", "key 'record.fields[1]': expected each field once"},
        BadSection{"record: {fields: [{a: encrypt}]}\n", "expected keep, hash or drop, got 'encrypt'"},
        BadSection{"record: {fields: [[a]]}\n", "key 'record.fields[0]'"},
        BadSection{"sampling: {key: random}\n",
                   "key 'sampling.key': expected one of sequence, request_id, got 'random'"},
        BadSection{"sampling: {stratum: carrier}\n", "key 'sampling.stratum': expected a mapping"},
        BadSection{"sampling: {stratum: {feature: a, metadata: b}}\n",
                   "expected exactly one of feature, metadata, parameter, got 2 of them"},
        BadSection{"sampling: {stratum: {feature: b}}\n",
                   "key 'sampling.stratum.feature': expected the name of one of the features, got 'b'"},
        BadSection{"sampling: {rates: {HA: 1.0}}\n", "key 'sampling.rates': expected sampling.stratum"},
        BadSection{"sampling: {stratum: {parameter: t}, rates: {HA: 1.1}}\n",
                   "key 'sampling.rates.HA': expected a number from 0 to 1, got '1.1'"},
        BadSection{"sampling: {stratum: {parameter: t}, rates: {default: 1}}\n", "key 'sampling.rates.default'"},
        BadSection{"sampling: {stratum: {parameter: t}, rates: [1]}\n", "key 'sampling.rates': expected a mapping"},
        BadSection{"sampling: {default_rate: 5%}\n",
                   "key 'sampling.default_rate': expected a number from 0 to 1, got '5%'"},
        BadSection{"sampling: {seed: -1}\n", "key 'sampling.seed'"}));

class BadMonitorFeature : public ::testing::TestWithParam<BadSection> {};

TEST_P(BadMonitorFeature, IsNamed) { EXPECT_THAT(FaultsOf(GetParam().text), HasSubstr(GetParam().message)); }

INSTANTIATE_TEST_SUITE_P(
    Features, BadMonitorFeature,
    ::testing::Values(
        BadSection{"window: {length: 2h}\n",
                   "key 'features': expected at least one feature or prediction to watch, got none"},
        BadSection{"features: {name: a}\n", "key 'features': expected a list, got a mapping"},
        BadSection{"features: [a]\n", "key 'features[0]': expected a mapping of keys to values, got 'a'"},
        BadSection{"features: [{name: a, output: x}]\n", "key 'features[0].output': expected one of the keys"},
        BadSection{"features: [{name: '', input: x}]\n", "key 'features[0].name': expected a text, got ''"},
        BadSection{"features: [{name: \"a\\nb\", input: x}]\n", "without control characters"},
        BadSection{"features: [{name: a, input: x, type: integer}]\n",
                   "expected one of numeric, categorical, got 'integer'"},
        BadSection{
            "features: [{name: a, input: x, reduce: median}]\n",
            "expected one of mean, std, min, max, l2_norm, zero_ratio, length, entropy, top1, argmax, got 'median'"},
        BadSection{"features: [{name: a, input: x, reduce: {seed: 1}}]\n", "key 'features[0].reduce.projections'"},
        BadSection{"features: [{name: a, input: x, reduce: {projections: 65}}]\n",
                   "a whole number from 1 to 64, got '65'"},
        BadSection{"features: [{name: a, input: x, column: 1, reduce: mean}]\n", "either column or reduce"},
        BadSection{"features: [{name: a, input: x, type: numeric, reduce: argmax}]\n",
                   "key 'features[0].type': expected categorical"},
        BadSection{"features: [{name: a, input: x, type: categorical, reduce: mean}]\n",
                   "key 'features[0].type': expected numeric"},
        BadSection{"features: [{name: a, input: x, measures: [psi, psi]}]\n",
                   "key 'features[0].measures[1]': expected each measure once"},
        BadSection{"features: [{name: a, input: x, measures: [mmd]}]\n",
                   "key 'features[0].measures[0]': expected one of psi, ks"},
        BadSection{"features: [{name: a, input: x}]\npredictions: [{name: a, output: y}]\n",
                   "key 'predictions[0].name'"},
        BadSection{"features: [{name: a, input: x, type: numeric}]\nsampling: {stratum: {feature: a}}\n",
                   "expected a categorical feature"},
        BadSection{"features: [{name: a, input: x, reduce: argmax}]\nsampling: {stratum: {feature: a}}\n",
                   "expected a categorical feature: its values name the strata, got 'a', which is reduced"},
        BadSection{"features: [{name: e, input: x, reduce: {projections: 2}}, {name: e_1, input: y}]\n",
                   "key 'features[1].name': expected a name of its own for each feature and prediction, got 'e_1' again"},
        BadSection{"features: [{name: e_0, input: x}]\n"
                   "predictions: [{name: e, output: x, reduce: {projections: 2}}]\n",
                   "key 'predictions[0].name': expected a name of its own for each feature and prediction, got 'e_0'"},
        BadSection{"features: [{name: e, input: x, reduce: {projections: 2}}]\nrecord: {fields: [e, {e_1: drop}]}\n",
                   "key 'record.fields[1]': expected each field once, got 'e_1' again"}));

TEST(MonitorFile, NamesOfProjectionsLeaveRoomForTheirNumbers) {
  const auto with_name = [](size_t bytes, const std::string& reduce) {
    return FaultsOf("features: [{name: " + std::string(bytes, 'n') + ", input: x, reduce: " + reduce + "}]\n");
  };
  EXPECT_EQ(with_name(128, "mean"), "no fault");
  EXPECT_EQ(with_name(125, "{projections: 64}"), "no fault");
  EXPECT_THAT(with_name(126, "{projections: 64}"), HasSubstr("key 'features[0].name': expected at most 125 bytes"));
}

TEST(MonitorFile, TextThatIsNotYaml) {
  EXPECT_THAT(FaultsOf("features: [\n"), StartsWith("monitor.yaml:2:1: not YAML: "));
  EXPECT_THAT(FaultsOf("features:\n\t- a\n"), StartsWith("monitor.yaml:2:"));
  EXPECT_THAT(FaultsOf(""), HasSubstr("expected a YAML document, got nothing"));
  EXPECT_THAT(FaultsOf("# only a comment\n"), HasSubstr("expected a YAML document, got nothing"));
  EXPECT_THAT(FaultsOf("a: 1\n---\nb: 2\n"), HasSubstr("expected nothing after the first YAML document"));
  EXPECT_THAT(FaultsOf("features: [{name: a, input: x}]}\n"),
              HasSubstr("monitor.yaml:1:32: not YAML: illegal flow end"));
  EXPECT_THAT(FaultsOf("- a\n"), StartsWith("monitor.yaml:1:1: key '(document)': expected a mapping"));
  EXPECT_THAT(FaultsOf("a: 1\nb: \xff\n"), StartsWith("monitor.yaml:2:4: expected UTF-8"));
  EXPECT_THAT(FaultsOf("? [a]\n: 1\n"), HasSubstr("expected a name as the key, got a list"));
  EXPECT_THAT(FaultsOf("a: &x [*x]\n"), HasSubstr("key 'a'"));
  EXPECT_THAT(FaultsOf(std::string(2000, '[')), StartsWith("monitor.yaml:1:"));
  EXPECT_THAT(FaultsOf(std::string((1 << 20) + 1, '#')), HasSubstr("expected at most 1048576 bytes, got 1048577"));
}

TEST(MonitorFile, AtMost64Strata) {
  std::string rates;
  for (int i = 0; i < 65; ++i) rates += (i ? ", s" : "s") + std::to_string(i) + ": 0.5";
  EXPECT_THAT(FaultsWith("sampling: {stratum: {parameter: t}, rates: {" + rates + "}}\n"),
              HasSubstr("key 'sampling.rates': expected at most 64 strata, got 65"));
}

TEST(MonitorFile, LoadsAFileAndNamesOneThatIsNotThere) {
  const std::string path = ::testing::TempDir() + "/monitor_file_test.yaml";
  std::ofstream(path) << kWhole;
  EXPECT_TRUE(LoadMonitor(path).ok());
  const auto missing = LoadMonitor(path + ".none");
  EXPECT_TRUE(absl::IsNotFound(missing.status()));
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr(path + ".none: cannot open: No such file"));
  EXPECT_THAT(std::string(LoadMonitor(::testing::TempDir()).status().message()), HasSubstr("expected a regular file"));
}

TEST(MonitorOverrides, ReplaceOnlyWhatTheyName) {
  MonitorSettings settings = *ParseMonitor(kWhole, "monitor.yaml");
  const int version = settings.sampling.rule_version;
  ASSERT_TRUE(ApplyOverrides(settings,
                             "window: {length: 30s, evaluate_every: 1s}\ndecision: {observation_period: 0s}\n",
                             "server.yaml")
                  .ok());
  EXPECT_EQ(settings.window.length_ns, 30 * kSecond);
  EXPECT_EQ(settings.window.panes, 30);
  EXPECT_EQ(settings.evaluate_every_ns, kSecond);
  EXPECT_EQ(settings.decision.observation_period_ns, 0);
  EXPECT_EQ(settings.decision.debounce_of, 4);
  EXPECT_EQ(settings.sampling.rule_version, version);
  ASSERT_TRUE(ApplyOverrides(settings, "sampling: {rates: {UA: 1}}\nthresholds: {psi: {alert: 0.5}}\n", "s").ok());
  EXPECT_THAT(settings.sampling.rates, ElementsAre(Pair("UA", 1)));
  EXPECT_EQ(settings.sampling.stratum_name, "carrier");
  EXPECT_NE(settings.sampling.rule_version, version);
  EXPECT_EQ(settings.thresholds.psi_warn, 0.2);
  EXPECT_EQ(settings.thresholds.psi_alert, 0.5);
}

TEST(MonitorOverrides, FaultsCountLinesOfTheServersFileAndLeaveAllAsItWas) {
  MonitorSettings settings = *ParseMonitor(kWhole, "monitor.yaml");
  const absl::Status status =
      ApplyOverrides(settings, "window: {length: 30s}\nfeatures: []\nsampling: {default_rate: 2}\n", "server.yaml", 12);
  EXPECT_EQ(std::string(status.message()),
            "server.yaml:13:1: key 'features': expected one of the keys window, decision, sampling, thresholds, labels, got a "
            "key that is not known here"
            "\nserver.yaml:14:26: key 'sampling.default_rate': expected a number from 0 to 1, got '2'");
  EXPECT_EQ(settings.window.length_ns, 7200 * kSecond);
}

constexpr char kPredicting[] = "features: [{name: a, input: x}]\npredictions: [{name: p, output: y}]\n";

std::string LabelFaults(const std::string& labels) { return FaultsOf(kPredicting + ("labels: " + labels)); }

TEST(MonitorLabels, HaveDefaults) {
  const auto settings = ParseMonitor(std::string(kPredicting) + "labels: {name: late, prediction: p}", "monitor.yaml");
  ASSERT_TRUE(settings.ok()) << settings.status();
  ASSERT_TRUE(settings->labels);
  EXPECT_EQ(settings->labels->name, "late");
  EXPECT_EQ(settings->labels->prediction, "p");
  EXPECT_EQ(settings->labels->kind, Kind::kCategorical);
  EXPECT_EQ(settings->labels->error, ErrorMeasure::kLogLoss);
  EXPECT_EQ(settings->labels->time_limit_ns, 7 * 86400 * kSecond);
  EXPECT_EQ(settings->labels->table_rows, 100'000);
  EXPECT_EQ(settings->labels->min_join_rate, 0.5);
  EXPECT_EQ(settings->labels->detectors.size(), 3u);
  EXPECT_FALSE(ParseMonitor(kPredicting, "monitor.yaml")->labels);
}

TEST(MonitorLabels, AreRead) {
  const auto settings =
      ParseMonitor(std::string(kPredicting) + "labels: {name: cost, prediction: p, type: numeric, error: squared_error, "
                                              "time_limit: 2h, table_rows: 10, detectors: [page_hinkley, adwin], "
                                              "min_join_rate: 0.25}",
                   "monitor.yaml");
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->labels->kind, Kind::kNumeric);
  EXPECT_EQ(settings->labels->error, ErrorMeasure::kSquaredError);
  EXPECT_EQ(settings->labels->time_limit_ns, 7200 * kSecond);
  EXPECT_EQ(settings->labels->table_rows, 10);
  EXPECT_EQ(settings->labels->min_join_rate, 0.25);
  EXPECT_THAT(settings->labels->detectors, ElementsAre(DetectorKind::kPageHinkley, DetectorKind::kAdwin));
}

TEST(MonitorLabels, TheErrorFollowsFromTheTypes) {
  const auto error = [](const std::string& prediction, const std::string& label) {
    return ParseMonitor("features: [{name: a, input: x}]\npredictions: [{name: p, output: y" + prediction +
                            "}]\nlabels: {name: l, prediction: p" + label + "}",
                        "m")
        ->labels->error;
  };
  EXPECT_EQ(error("", ", type: numeric"), ErrorMeasure::kAbsoluteError);
  EXPECT_EQ(error(", type: categorical", ""), ErrorMeasure::kZeroOne);
  EXPECT_EQ(error(", type: numeric", ""), ErrorMeasure::kLogLoss);
}

TEST(MonitorLabels, FaultsNameKeyAndChoice) {
  EXPECT_THAT(LabelFaults("{}"), HasSubstr("key 'labels.name': expected a text, got nothing: the key is missing"));
  EXPECT_THAT(LabelFaults("{name: l}"), HasSubstr("'labels.prediction'"));
  EXPECT_THAT(LabelFaults("{name: l, prediction: q}"), HasSubstr("one of the predictions, got 'q'"));
  EXPECT_THAT(LabelFaults("{name: a, prediction: p}"), HasSubstr("'a' again"));
  EXPECT_THAT(LabelFaults("{name: l, prediction: p, tolerance: 1}"), HasSubstr("min_join_rate"));
  EXPECT_THAT(LabelFaults("{name: l, prediction: p, type: text}"), HasSubstr("one of numeric, categorical"));
  EXPECT_THAT(LabelFaults("{name: l, prediction: p, error: auc}"), HasSubstr("zero_one"));
  EXPECT_THAT(LabelFaults("{name: l, prediction: p, type: numeric, error: log_loss}"), HasSubstr("absolute_error"));
  EXPECT_THAT(LabelFaults("{name: l, prediction: p, time_limit: 7}"), HasSubstr("with its unit"));
  EXPECT_THAT(LabelFaults("{name: l, prediction: p, table_rows: 0}"), HasSubstr("from 1 to 10000000"));
  EXPECT_THAT(LabelFaults("{name: l, prediction: p, min_join_rate: 2}"), HasSubstr("from 0 to 1"));
  EXPECT_THAT(LabelFaults("{name: l, prediction: p, detectors: [kswin]}"), HasSubstr("one of adwin, ddm, page_hinkley"));
  EXPECT_THAT(LabelFaults("{name: l, prediction: p, detectors: [ddm, ddm]}"), HasSubstr("each detector once"));
  EXPECT_THAT(LabelFaults("{name: l, prediction: p, detectors: []}"), HasSubstr("at least one detector"));
  EXPECT_THAT(FaultsOf("features: [{name: a, input: x}]\npredictions: [{name: p, output: y, type: categorical}]\n"
                       "labels: {name: l, prediction: p, error: log_loss}"),
              HasSubstr("expected zero_one, as prediction 'p' is categorical"));
}

TEST(MonitorLabels, OverridesChangeWhatTheyName) {
  MonitorSettings settings =
      *ParseMonitor(std::string(kPredicting) + "labels: {name: l, prediction: p, error: squared_error}", "m");
  ASSERT_TRUE(ApplyOverrides(settings, "labels: {time_limit: 800ms}", "server.yaml").ok());
  EXPECT_EQ(settings.labels->time_limit_ns, 800'000'000);
  EXPECT_EQ(settings.labels->name, "l");
  EXPECT_EQ(settings.labels->error, ErrorMeasure::kSquaredError);
  MonitorSettings without = *ParseMonitor(kPredicting, "m");
  EXPECT_FALSE(ApplyOverrides(without, "labels: {time_limit: 800ms}", "server.yaml").ok());
  EXPECT_FALSE(without.labels);
}

}  // namespace
}  // namespace drift
