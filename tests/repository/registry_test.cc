#include "server/repository/registry.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace driftserve {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<Model> NewModel(int64_t version) {
  auto model = std::make_shared<Model>();
  model->version = version;
  return model;
}

ModelSet TwoModels() {
  ModelSet set;
  set.models["a"] = {{1, NewModel(1)}, {10, NewModel(10)}};
  set.models["b"] = {{3, NewModel(3)}};
  return set;
}

TEST(ModelSet, AnEmptyVersionMeansTheNewest) {
  EXPECT_EQ((*TwoModels().Find("a", ""))->version, 10);
  EXPECT_EQ((*TwoModels().Find("a", "1"))->version, 1);
}

TEST(ModelSet, ACanaryAnswersItsShareOfRequestsAlwaysTheSameOnes) {
  ModelSet set;
  set.models["a"] = {{1, NewModel(1)}, {2, NewModel(2)}, {3, NewModel(3)}};
  const auto chosen = [&](int request) { return (*set.Choose("a", std::to_string(request)))->version; };
  const auto share_of_newest = [&](double canary_share) {
    set.models["a"][3]->settings.canary_share = canary_share;
    int newest = 0;
    for (int request = 0; request < 10'000; ++request) {
      EXPECT_NE(chosen(request), 1) << "only the newest two take part";
      EXPECT_EQ(chosen(request), chosen(request));
      newest += chosen(request) == 3 ? 1 : 0;
    }
    return newest / 10'000.0;
  };
  EXPECT_EQ(share_of_newest(0), 0);
  EXPECT_NEAR(share_of_newest(0.1), 0.1, 0.01);
  EXPECT_EQ(share_of_newest(1), 1);
  set.models["a"][3]->settings.canary_share = 0.25;
  std::vector<int> among_quarter;
  for (int request = 0; request < 1000; ++request) {
    if (chosen(request) == 3) among_quarter.push_back(request);
  }
  set.models["a"][3]->settings.canary_share = 0.5;
  for (const int request : among_quarter) EXPECT_EQ(chosen(request), 3) << "a share that grows takes none back";
}

TEST(ModelSet, WithoutAnOlderVersionACanaryAnswersAll) {
  ModelSet set = TwoModels();
  set.models["b"][3]->settings.canary_share = 0;
  EXPECT_EQ((*set.Choose("b", "x"))->version, 3);
  EXPECT_EQ(set.Choose("c", "x").status().code(), absl::StatusCode::kNotFound);
}

TEST(ModelSet, WhatIsNotServedIsAnsweredWithWhatIs) {
  const ModelSet set = TwoModels();
  EXPECT_EQ(set.Find("c", "").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(set.Find("c", "").status().message(), HasSubstr("no model is called 'c'; expected one of: a, b"));
  EXPECT_EQ(set.Find("a", "2").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(set.Find("a", "2").status().message(), HasSubstr("model 'a' has no version 2; expected one of: 1, 10"));
  EXPECT_EQ(set.Find("a", "one").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(set.Find("a", "one").status().message(),
              HasSubstr("model_version: expected a whole number or nothing, got 'one'"));
  EXPECT_THAT(ModelSet().Find("c", "").status().message(), HasSubstr("none is served"));
}

TEST(Registry, AReaderSeesWhatWasPublishedAndKeepsWhatItHolds) {
  Registry registry;
  RegistryReader reader(&registry);
  EXPECT_TRUE(reader.models().models.empty());
  registry.Publish(std::make_shared<const ModelSet>(TwoModels()));
  const std::shared_ptr<Model> held = *reader.models().Find("b", "3");
  registry.Publish(std::make_shared<const ModelSet>());
  EXPECT_TRUE(reader.models().models.empty());
  EXPECT_EQ(held->version, 3);
}

}  // namespace
}  // namespace driftserve
