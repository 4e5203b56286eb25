#include "server/repository/watch.h"

#include <fstream>
#include <iterator>

#include "drift/profile/reference_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/repository/model_file.h"
#include "tests/fakes/model_repository.h"
#include "tests/repository/scratch_folder.h"

namespace driftserve {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class WatchTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new ScratchFolder;
    fakes::WriteMlp(shared_->path(), true);
  }
  static void TearDownTestSuite() { delete shared_; }

  void SetUp() override {
    std::filesystem::copy(shared_->path(), folder_.path(), std::filesystem::copy_options::recursive);
    model_.settings.name = "mlp";
    model_.settings.inputs = {{"features", DataType::kFp32, {8}, false}, {"tier", DataType::kBytes, {1}, false}};
    model_.settings.outputs = {{"score", DataType::kFp32, {1}, false}};
    model_.version = 1;
    model_.version_text = "1";
    sources_ = {folder_ / "mlp/monitor.yaml", folder_ / "mlp/1/reference.pb", nullptr, nullptr, nullptr};
  }

  absl::Status WatchWhatIsThere() {
    const auto content = [&](const std::string& file) -> FileContent {
      const auto bytes = ReadInside(folder_.path(), file, 1 << 30);
      return bytes.ok() ? *bytes : nullptr;
    };
    sources_.monitor = content(sources_.monitor_file);
    sources_.reference = content(sources_.reference_file);
    return Watch(sources_, 2, model_);
  }
  std::string Monitor() {
    std::ifstream stream(sources_.monitor_file);
    return std::string((std::istreambuf_iterator<char>(stream)), {});
  }
  void Replace(const std::string& from, const std::string& to) {
    std::string text = Monitor();
    text.replace(text.find(from), from.size(), to);
    fakes::WriteFile(sources_.monitor_file, text);
  }
  std::string Faults() {
    const absl::Status status = WatchWhatIsThere();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(model_.watched, nullptr);
    return std::string(status.message());
  }

  static ScratchFolder* shared_;
  ScratchFolder folder_;
  WatchSources sources_;
  Model model_;
};

ScratchFolder* WatchTest::shared_ = nullptr;

TEST_F(WatchTest, AWatchedModelKnowsItsColumnsStrataAndReference) {
  const absl::Status status = WatchWhatIsThere();
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(model_.columns.size(), 8u);
  EXPECT_EQ(model_.columns[7].name, "f7");
  EXPECT_EQ(model_.columns[7].tensor, 0);
  EXPECT_EQ(model_.columns[7].column, 7);
  EXPECT_EQ(model_.prediction_columns[0].name, "score");
  const WatchedModelSettings& settings = model_.watched->settings();
  EXPECT_EQ(settings.features.size(), 8u);
  EXPECT_EQ(settings.stratum_source, StratumSource::kParameter);
  EXPECT_EQ(settings.stratum_name, "tier");
  EXPECT_EQ(settings.reference_hash, model_.reference->hash);
  EXPECT_EQ(settings.pane_ns, 60'000'000'000);
  const SamplingRule& rule = model_.watched->rule();
  EXPECT_EQ(rule.stratum_count(), 2u);
  EXPECT_EQ(rule.stratum(0).rate, 0.01);
  EXPECT_EQ(rule.StratumOf("vip"), 1);
  EXPECT_EQ(rule.stratum(1).rate, 1.0);
  EXPECT_EQ(rule.version(), static_cast<uint32_t>(model_.monitor.sampling.rule_version));
}

TEST_F(WatchTest, WithoutAMonitorAModelIsNotWatched) {
  std::filesystem::remove(sources_.monitor_file);
  EXPECT_TRUE(WatchWhatIsThere().ok());
  EXPECT_EQ(model_.watched, nullptr);
  EXPECT_TRUE(model_.columns.empty());
}

TEST_F(WatchTest, AMonitorWithoutAReferenceIsRefusedWithTheRemedy) {
  std::filesystem::remove(sources_.reference_file);
  EXPECT_THAT(Faults(),
              AllOf(HasSubstr("reference.pb: expected a reference profile"), HasSubstr("`drift profile --monitor ")));
}

TEST_F(WatchTest, ABrokenReferenceIsRefused) {
  fakes::WriteFile(sources_.reference_file, "not a reference");
  EXPECT_THAT(Faults(), HasSubstr(sources_.reference_file));
}

TEST_F(WatchTest, ColumnsMustLieInTheTensors) {
  Replace("column: 7", "column: 8");
  Replace("{name: f6, input: features", "{name: f6, input: feature");
  Replace("output: score", "output: scores");
  EXPECT_THAT(Faults(),
              AllOf(HasSubstr("feature `f7`: column: expected less than 8, the elements of a row of `features`, got 8"),
                    HasSubstr("feature `f6`: input: expected one of features, tier, got `feature`"),
                    HasSubstr("feature `score`: output: expected one of score, got `scores`")));
}

TEST_F(WatchTest, TheReferenceMustBeOfTheSameReduction) {
  Replace("column: 0, type: numeric", "reduce: mean");
  EXPECT_THAT(Faults(), AllOf(HasSubstr("feature 'f0': expected mean of features, got single values"),
                              HasSubstr("feature `f0`: expected FP64, as it is reduced, got FP32")));
}

TEST_F(WatchTest, OnlyWideRowsAreReduced) {
  Replace("{name: f0, input: features, column: 0, type: numeric}", "{name: f0, input: tier, reduce: mean}");
  Replace("{name: score, output: score, column: 0, type: numeric}", "{name: score, output: score, reduce: std}");
  Replace("{name: f1, input: features, column: 1, type: numeric}", "{name: f1, input: image, reduce: std}");
  EXPECT_THAT(Faults(), AllOf(HasSubstr("feature `f0`: reduce: expected length, the only one of input `tier`, which "
                                        "holds texts, got mean"),
                              HasSubstr("feature `f1`: input: expected one of features, tier, got `image`"),
                              HasSubstr("feature `score`: reduce: expected rows of more than one element, output "
                                        "`score` has one")));
}

TEST_F(WatchTest, ReductionsAreWatchedAndAreNoColumnsOfPredict) {
  Replace("{name: f0, input: features, column: 0, type: numeric}",
          "{name: f0, input: features, reduce: {projections: 2, seed: 4}}");
  drift::Reference reference = *drift::LoadReference(sources_.reference_file);
  drift::FeatureReference projection = reference.features[0];
  projection.dtype = drift::Dtype::kFloat64;
  reference.features.erase(reference.features.begin());
  for (drift::StratumReference& stratum : reference.strata) {
    stratum.cell_counts.insert(stratum.cell_counts.begin(), stratum.cell_counts[0]);
  }
  for (const int i : {1, 0}) {
    projection.name = "f0_" + std::to_string(i);
    projection.reduction = "projection " + std::to_string(i) + " of features, seed 4";
    reference.features.insert(reference.features.begin(), projection);
  }
  reference.hash = drift::ContentHash(reference);
  ASSERT_TRUE(drift::SaveReference(reference, sources_.reference_file).ok());
  model_.settings.inputs[0].dims = {8};
  const absl::Status status = WatchWhatIsThere();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(model_.watched->settings().features.size(), 9u);
  EXPECT_EQ(model_.watched->settings().features[1].name, "f0_1");
  EXPECT_EQ(model_.columns.size(), 7u);
  EXPECT_EQ(model_.columns[0].name, "f1");
  EXPECT_FALSE(model_.watched->settings().batches);
}

TEST_F(WatchTest, AFreeDimensionHasNoFixedColumns) {
  model_.settings.inputs[0].dims = {-1};
  EXPECT_THAT(Faults(), HasSubstr("has a free dimension"));
}

TEST_F(WatchTest, TextsAreNotNumeric) {
  Replace("{name: f0, input: features, column: 0, type: numeric}", "{name: f0, input: tier, column: 0, type: numeric}");
  EXPECT_THAT(Faults(), HasSubstr("feature `f0`: type: expected categorical, as `tier` holds texts, got numeric"));
}

TEST_F(WatchTest, TheReferenceMustBeOfTheServedType) {
  model_.settings.inputs[0].type = DataType::kFp64;
  EXPECT_THAT(Faults(),
              AllOf(HasSubstr("feature `f0`: expected FP64, as it is served, got FP32"), HasSubstr("drift profile")));
}

TEST_F(WatchTest, TheReferenceMustBeForThisMonitor) {
  Replace("  - {name: f3, input: features, column: 3, type: numeric}\n", "");
  EXPECT_THAT(Faults(), AllOf(HasSubstr("reference.pb"), HasSubstr("make the reference again by `drift profile")));
}

TEST_F(WatchTest, OverridesOfTheServerWin) {
  const ServerConfig::MonitorOverride overrides{"window: {length: 2h, panes: 120}\nsampling: {default_rate: 0.5}\n",
                                                "server.yaml", 7};
  sources_.overrides = &overrides;
  const absl::Status status = WatchWhatIsThere();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(model_.watched->rule().stratum(0).rate, 0.5);
  EXPECT_EQ(model_.watched->rule().stratum(1).rate, 1.0);
  EXPECT_EQ(model_.monitor.window.panes, 120);
}

TEST_F(WatchTest, AFaultInAnOverrideNamesTheServersFileAndLine) {
  const ServerConfig::MonitorOverride overrides{"window: {length: 2 moons}\n", "server.yaml", 7};
  sources_.overrides = &overrides;
  EXPECT_THAT(Faults(), HasSubstr("server.yaml:7:"));
}

}  // namespace
}  // namespace driftserve
