#include "drift/tool/check_verdict.h"

#include <gtest/gtest.h>

#include "drift/tool/check_output.h"

namespace drift {
namespace {

FeatureResult Feature(const std::string& name, State state, bool ready = true) {
  FeatureResult feature;
  feature.name = name;
  feature.ready = ready;
  feature.state = state;
  feature.reason = ready ? "" : "the rows kept are worth 7 effective samples, 55 are needed";
  if (!ready) return feature;
  MeasureResult psi;
  psi.value = 0.3;
  psi.warn_threshold = 0.12;
  psi.alert_threshold = 0.27;
  psi.p_value = 1e-5;
  psi.p_value_alert = 0.01;
  psi.state = state;
  feature.measures = {psi};
  return feature;
}

Evaluation Of(std::vector<FeatureResult> features, State model = State::kStable) {
  Evaluation evaluation;
  evaluation.population.features = std::move(features);
  evaluation.model_state = model;
  return evaluation;
}

TEST(CheckVerdictTest, FailsFromTheStateThatWasAskedFor) {
  const Evaluation warned = Of({Feature("a", State::kStable), Feature("b", State::kWarning)}, State::kWarning);
  EXPECT_EQ(JudgeCheck(warned, FailOn::kDrifted, false).result, CheckResult::kPass);
  const CheckVerdict verdict = JudgeCheck(warned, FailOn::kWarning, false);
  EXPECT_EQ(verdict.result, CheckResult::kDrift);
  EXPECT_EQ(verdict.rows[0].feature, "b");
  EXPECT_EQ(verdict.rows[0].threshold, 0.12);
  EXPECT_EQ(verdict.sentence, "drift found in b");
  const Evaluation drifted = Of({Feature("a", State::kStable), Feature("b", State::kDrifted)}, State::kWarning);
  EXPECT_EQ(JudgeCheck(drifted, FailOn::kDrifted, false).rows[0].threshold, 0.27);
  EXPECT_EQ(JudgeCheck(drifted, FailOn::kDataset, false).result, CheckResult::kPass);
}

TEST(CheckVerdictTest, FindsDriftOfAStratumAlone) {
  Evaluation evaluation = Of({Feature("a", State::kStable)});
  evaluation.strata = {{"vip", 10, 10, {Feature("a", State::kDrifted)}},
                       {"new", 1, 1, {Feature("a", State::kWarming, false)}}};
  const CheckVerdict verdict = JudgeCheck(evaluation, FailOn::kDrifted, false);
  EXPECT_EQ(verdict.result, CheckResult::kDrift);
  EXPECT_EQ(verdict.sentence, "drift found in a (stratum vip)");
}

TEST(CheckVerdictTest, WhatIsNotReadyIsUndecidedUnlessDriftWasFoundOrItIsToBeIgnored) {
  const FeatureResult unready = Feature("b", State::kWarming, false);
  EXPECT_EQ(JudgeCheck(Of({Feature("a", State::kStable), unready}), FailOn::kDrifted, false).result,
            CheckResult::kUndecided);
  EXPECT_EQ(JudgeCheck(Of({Feature("a", State::kStable), unready}), FailOn::kDrifted, true).result,
            CheckResult::kPass);
  EXPECT_EQ(JudgeCheck(Of({Feature("a", State::kDrifted), unready}), FailOn::kDrifted, false).result,
            CheckResult::kDrift);
  EXPECT_EQ(JudgeCheck(Of({unready}), FailOn::kDrifted, true).result, CheckResult::kUndecided);
}

TEST(CheckOutputTest, EscapesNamesOfEveryKind) {
  const std::string name = "a<b>&\"c\"|%\n\xff,:";
  const CheckVerdict verdict = JudgeCheck(Of({Feature(name, State::kDrifted)}), FailOn::kDrifted, false);
  const std::string xml = CheckJunit(verdict, "drift.m");
  EXPECT_NE(xml.find("name=\"a&lt;b&gt;&amp;&quot;c&quot;|%\\x0a\\xff,: psi\""), std::string::npos) << xml;
  const std::string github = GithubAnnotations(verdict);
  EXPECT_NE(github.find("::error title=Drift%3A a<b>&\"c\"|%25\\x0a\\xff%2C%3A::psi of "), std::string::npos) << github;
  EXPECT_EQ(std::count(github.begin(), github.end(), '\n'), 1);
  EXPECT_NE(CheckMarkdown(verdict, "m", {}).find("a\\<b>&\"c\"\\|%\\\\x0a\\\\xff,:"), std::string::npos);
  EXPECT_NE(CheckJson(verdict, {}).find("\"feature\": \"a<b>&\\\"c\\\"|%\\\\x0a\\\\xff,:\""), std::string::npos);
}

}  // namespace
}  // namespace drift
