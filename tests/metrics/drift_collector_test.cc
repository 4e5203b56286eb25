#include "server/metrics/drift_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>

#include "server/metrics/text_format.h"
#include "tests/metrics/watched.h"

namespace driftserve {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Scrape(const SnapshotBoard& board) { return PrometheusText(DriftCollector(&board).Collect()); }

drift::ViewResult Stratum(const std::string& name, std::vector<drift::FeatureResult> features) {
  drift::ViewResult view;
  view.stratum = name;
  view.features = std::move(features);
  return view;
}

TEST(DriftCollectorTest, ShowsAModelAsTheGoldenTextSays) {
  SnapshotBoard board;
  auto watched = MakeWatched("flight_delay", {"UA"});
  watched->seen().Count(0, 1, 1'700'000'000'000'000'000, 200);
  watched->seen().Count(1, 1, 1'700'000'000'000'000'000, 100);
  watched->kept()[1].Add(150);
  watched->dropped()[1].Add(3);
  drift::Evaluation evaluation = MakeEvaluation(
      {ReadyFeature("temp"), WarmingFeature("visibility"), ReadyFeature("p_late", drift::Role::kPrediction)});
  evaluation.strata = {Stratum("UA", {ReadyFeature("temp"), WarmingFeature("visibility")})};
  Post(board, watched, evaluation, {{"temp", "UA", 77, {"(-inf, 3]", "(3, inf)", "missing"}, {120, 11, 19}}});

  // After a wanted change: DRIFTSERVE_GOLDEN_OUT=tests/golden/metrics/drift.txt writes it anew.
  if (const char* out = std::getenv("DRIFTSERVE_GOLDEN_OUT")) std::ofstream(out) << Scrape(board);
  std::ifstream golden("tests/golden/metrics/drift.txt");
  std::stringstream expected;
  expected << golden.rdbuf();
  EXPECT_EQ(Scrape(board), expected.str());
}

TEST(DriftCollectorTest, LabelsAndConceptDriftHaveFamiliesOfTheirOwn) {
  SnapshotBoard board;
  auto watched = MakeWatched("m", {});
  watched->labels().Add(LabelOutcome::kJoined, 500);
  watched->labels().Add(LabelOutcome::kLate, 3);
  drift::Evaluation evaluation = MakeEvaluation({ReadyFeature("late", drift::Role::kLabel)});
  evaluation.concept_drift = DriftedConcept();
  Post(board, watched, evaluation);
  LabelInbox inbox;
  inbox.unknown_model.Add(7);
  const std::string text = PrometheusText(DriftCollector(&board, &inbox).Collect());
  const std::string model = "{model_name=\"m\",model_version=\"2\"";
  for (const std::string& line :
       {"model_label_drift" + model + ",label=\"late\",drift_type=\"psi\"} 0.5",
        "model_concept_drift" + model + ",detector=\"adwin\"} 0.25",
        "model_concept_drift_threshold" + model + ",detector=\"adwin\"} 0.125",
        "model_concept_drift_alarms_total" + model + ",detector=\"adwin\"} 2",
        "model_concept_drift_state" + model + ",detector=\"adwin\",state=\"drifted\"} 1",
        "model_concept_drift_state" + model + ",detector=\"page_hinkley\",state=\"stable\"} 1",
        "model_concept_drift_state" + model + ",detector=\"all\",state=\"drifted\"} 1",
        "model_concept_drift_state" + model + ",detector=\"all\",state=\"stable\"} 0",
        "model_label_join_ratio" + model + "} 0.97", "model_label_lag_seconds" + model + ",quantile=\"0.5\"} 3600",
        "model_label_lag_seconds" + model + ",quantile=\"0.9\"} 7200",
        "model_prediction_error" + model + ",error=\"log_loss\"} 0.625",
        "model_prediction_error_standard_error" + model + ",error=\"log_loss\"} 0.03125",
        "driftserve_labels_total" + model + ",outcome=\"joined\"} 500",
        "driftserve_labels_total" + model + ",outcome=\"late\"} 3",
        "driftserve_label_predictions_total" + model + ",outcome=\"evicted\"} 0",
        std::string("driftserve_labels_total{model_name=\"\",model_version=\"\",outcome=\"unknown_model\"} 7")}) {
    EXPECT_THAT(text, HasSubstr(line + "\n"));
  }
  EXPECT_THAT(text, Not(HasSubstr("model_feature_reference_ratio{")));
}

TEST(DriftCollectorTest, WithoutLabelsNothingIsSaidOfThem) {
  SnapshotBoard board;
  Post(board, MakeWatched("m", {}), MakeEvaluation({ReadyFeature("temp")}));
  EXPECT_THAT(Scrape(board), Not(HasSubstr("label")));
  EXPECT_THAT(Scrape(board), Not(HasSubstr("concept")));
}

TEST(DriftCollectorTest, WhatIsNotKnownOfLabelsIsAbsent) {
  SnapshotBoard board;
  drift::Evaluation evaluation = MakeEvaluation({});
  evaluation.concept_drift.emplace();
  evaluation.concept_drift->detectors.emplace_back().detector = "ddm";
  Post(board, MakeWatched("m", {}), evaluation);
  const std::string text = Scrape(board);
  EXPECT_THAT(text, HasSubstr("model_concept_drift_state{"));
  for (const char* family : {"model_concept_drift{", "model_concept_drift_threshold{", "model_label_join_ratio",
                             "model_label_lag_seconds", "model_prediction_error"}) {
    EXPECT_THAT(text, Not(HasSubstr(family)));
  }
}

TEST(DriftCollectorTest, WhatIsNotReadyIsAbsentAndNeverZero) {
  SnapshotBoard board;
  drift::Evaluation evaluation = MakeEvaluation({WarmingFeature("temp")});
  evaluation.model_state = drift::State::kWarming;
  evaluation.drifted_share = 0;
  Post(board, MakeWatched("m", {}), evaluation);
  const std::string text = Scrape(board);
  EXPECT_THAT(text, Not(HasSubstr("model_feature_drift")));
  EXPECT_THAT(text, Not(HasSubstr("model_feature_effective_samples")));
  EXPECT_THAT(text, Not(HasSubstr("model_feature_missing_ratio")));
  EXPECT_THAT(text, Not(HasSubstr("model_drifted_features_ratio")));
  EXPECT_THAT(text, HasSubstr("model_drift_state{model_name=\"m\",model_version=\"2\",state=\"warming\"} 1\n"));
}

TEST(DriftCollectorTest, NothingThatIsNotANumberIsShown) {
  SnapshotBoard board;
  drift::FeatureResult feature = ReadyFeature("temp");
  feature.measures[0].value = std::numeric_limits<double>::quiet_NaN();
  feature.measures[1].value = std::numeric_limits<double>::infinity();
  Post(board, MakeWatched("m", {}), MakeEvaluation({feature}));
  const std::string text = Scrape(board);
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  EXPECT_THAT(text, Not(HasSubstr("Inf")));
  EXPECT_THAT(text, Not(HasSubstr("model_feature_drift{")));
}

TEST(DriftCollectorTest, NamesThatAreNotTextAreEscaped) {
  SnapshotBoard board;
  drift::FeatureResult feature = ReadyFeature("a\"b\\c\nd\xff");
  feature.bins[0].label = "caf\xe9\n\"x\"";
  Post(board, MakeWatched("m", {}), MakeEvaluation({feature}));
  const std::string text = Scrape(board);
  EXPECT_THAT(text, HasSubstr(R"(feature="a\"b\\c\\x0ad\\xff")"));
  EXPECT_THAT(text, HasSubstr(R"(bin="00 caf\\xe9\\x0a\"x\"")"));
}

TEST(DriftCollectorTest, StrataBeyondSixtyFourFoldIntoOther) {
  SnapshotBoard board;
  std::vector<std::string> strata;
  for (int i = 1; i <= 64; ++i) strata.push_back("s" + std::to_string(i));  // with "default" 65
  auto watched = MakeWatched("m", strata);
  watched->seen().Count(0, 63, 0, 5);
  watched->seen().Count(0, 64, 0, 7);
  drift::Evaluation evaluation = MakeEvaluation({ReadyFeature("temp")});
  evaluation.strata = {Stratum("s63", {ReadyFeature("temp")}), Stratum("s64", {ReadyFeature("temp")})};
  Post(board, watched, evaluation, {{"temp", "s64", 77, {"all"}, {4}}, {"temp", "s63", 77, {"all"}, {2}}});
  const std::string text = Scrape(board);
  EXPECT_THAT(text, HasSubstr("stratum=\"s63\",rule=\"77\",outcome=\"seen\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("stratum=\"other\",rule=\"77\",outcome=\"seen\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("feature=\"temp\",stratum=\"other\",rule=\"77\",bin=\"00 all\"} 4\n"));
  EXPECT_THAT(
      text,
      HasSubstr("model_feature_stratum_drift{model_name=\"m\",model_version=\"2\",feature=\"temp\",stratum=\"s63\""));
  EXPECT_THAT(text, Not(HasSubstr("s64")));
}

TEST(DriftCollectorTest, WhatTheWindowCouldNotTakeIsCountedByReason) {
  SnapshotBoard board;
  auto model = std::make_shared<ModelSnapshot>();
  Identify(*model, MakeWatched("m", {}));
  model->window.late_rows = 3;
  model->window.unreadable_rows = 4;
  model->window.coarsenings = 2;
  model->window_resets = 1;
  auto snapshot = std::make_shared<ObserverSnapshot>();
  snapshot->models = {model};
  snapshot->unwatched_rows = 6;
  board.Post(snapshot);
  const std::string text = Scrape(board);
  EXPECT_THAT(
      text,
      HasSubstr("driftserve_window_left_out_rows_total{model_name=\"m\",model_version=\"2\",reason=\"late\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("reason=\"unreadable\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_window_coarsenings_total{model_name=\"m\",model_version=\"2\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_window_resets_total{model_name=\"m\",model_version=\"2\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_unwatched_rows_total 6\n"));
}

TEST(DriftCollectorTest, NoModelNoSeriesOfModels) {
  SnapshotBoard board;
  EXPECT_THAT(Scrape(board), Not(HasSubstr("model_")));
}

}  // namespace
}  // namespace driftserve
