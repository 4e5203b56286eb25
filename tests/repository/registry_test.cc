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
