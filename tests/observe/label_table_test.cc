#include "server/observe/label_table.h"

#include <gtest/gtest.h>

namespace driftserve {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kHour = 3600 * kSecond;

WaitingPrediction Predicted(double value, int64_t time_ns = 0) {
  WaitingPrediction prediction;
  prediction.value = drift::Value::Double(value);
  prediction.time_ns = time_ns;
  return prediction;
}

LabelTable::Label Labelled(double value, int64_t arrived_ns = 0) {
  LabelTable::Label label;
  label.value = drift::Value::Double(value);
  label.arrived_ns = arrived_ns;
  return label;
}

class LabelTableTest : public ::testing::Test {
 protected:
  bool Add(const char* id, uint32_t row, const WaitingPrediction& prediction) {
    return table_.Add(id, row, prediction, early_);
  }
  std::optional<LabelOutcome> Join(const char* id, uint32_t row, const LabelTable::Label& label) {
    return table_.Join(id, row, label, joined_);
  }

  LabelTable table_{{.time_limit_ns = kHour, .rows = 4, .early = {.labels = 2, .wait_ns = 5 * kSecond}}};
  std::optional<LabelTable::Label> early_;
  const WaitingPrediction* joined_ = nullptr;
};

TEST_F(LabelTableTest, JoinsByRequestIdAndRow) {
  EXPECT_TRUE(Add("a", 0, Predicted(0.1)));
  EXPECT_TRUE(Add("a", 1, Predicted(0.2)));
  EXPECT_TRUE(table_.Has("a", 1));
  EXPECT_FALSE(table_.Has("a", 2));
  EXPECT_FALSE(table_.Has("b", 1));
  EXPECT_EQ(Join("a", 1, Labelled(1)), LabelOutcome::kJoined);
  ASSERT_NE(joined_, nullptr);
  EXPECT_EQ(joined_->AsValue().as_double(), 0.2);
  EXPECT_EQ(table_.counts().kept, 2u);
}

TEST_F(LabelTableTest, ASecondLabelIsRepeatedAndASecondPredictionRefused) {
  Add("a", 0, Predicted(0.1));
  EXPECT_FALSE(Add("a", 0, Predicted(0.9)));
  EXPECT_EQ(table_.counts().repeated, 1u);
  Join("a", 0, Labelled(1));
  EXPECT_EQ(joined_->AsValue().as_double(), 0.1) << "the first one stands";
  EXPECT_EQ(Join("a", 0, Labelled(1)), LabelOutcome::kRepeated);
  EXPECT_EQ(joined_, nullptr);
}

TEST_F(LabelTableTest, ALabelAfterTheTimeLimitIsLateAndLaterStillUnknown) {
  Add("a", 0, Predicted(0.1));
  Add("b", 0, Predicted(0.1));
  EXPECT_EQ(table_.Advance(kHour + 1), 0u);
  EXPECT_EQ(Join("a", 0, Labelled(1, kHour)), LabelOutcome::kJoined) << "just in time";
  EXPECT_EQ(Join("b", 0, Labelled(1, kHour + 1)), LabelOutcome::kLate);
  table_.Advance(2 * kHour + 1);
  EXPECT_EQ(table_.size(), 0u);
  EXPECT_EQ(Join("b", 0, Labelled(1, 2 * kHour + 1)), std::nullopt);
  EXPECT_EQ(table_.Advance(2 * kHour + 5 * kSecond + 1), 1u) << "unknown, once it has waited";
}

TEST_F(LabelTableTest, AFullTableGivesUpTheOldestAndCountsThoseStillWanted) {
  for (const char* id : {"a", "b", "c", "d"}) Add(id, 0, Predicted(0.1));
  Join("a", 0, Labelled(1));
  Add("e", 0, Predicted(0.1));  // a goes: it had its label
  EXPECT_EQ(table_.counts().evicted, 0u);
  Add("f", 0, Predicted(0.1));  // b goes: it had none
  EXPECT_EQ(table_.counts().evicted, 1u);
  Add("g", 0, Predicted(0.1, 2 * kHour));  // c goes: its time was over
  EXPECT_EQ(table_.counts().evicted, 1u);
  EXPECT_EQ(table_.size(), 4u);
  EXPECT_FALSE(table_.Has("b", 0));
}

TEST_F(LabelTableTest, ALabelThatOvertookItsPredictionWaitsForIt) {
  EXPECT_EQ(Join("a", 0, Labelled(1)), std::nullopt);
  EXPECT_EQ(table_.Advance(4 * kSecond), 0u);
  EXPECT_TRUE(Add("a", 0, Predicted(0.3)));
  ASSERT_TRUE(early_);
  EXPECT_EQ(early_->AsValue().as_double(), 1);
  EXPECT_TRUE(Add("a", 1, Predicted(0.3)));
  EXPECT_FALSE(early_);
  EXPECT_EQ(table_.Advance(10 * kSecond), 0u) << "it was found";
}

TEST_F(LabelTableTest, EarlyLabelsAreBounded) {
  EXPECT_EQ(Join("a", 0, Labelled(1)), std::nullopt);
  EXPECT_EQ(Join("a", 0, Labelled(1)), LabelOutcome::kRepeated);
  Join("b", 0, Labelled(1));
  Join("c", 0, Labelled(1));
  EXPECT_EQ(table_.Advance(0), 1u) << "a had to make room";
  Add("a", 0, Predicted(0.3));
  EXPECT_FALSE(early_);
  Add("c", 0, Predicted(0.3));
  EXPECT_TRUE(early_);
}

TEST_F(LabelTableTest, WhatCannotBeJudgedIsNotKept) {
  WaitingPrediction missing;
  EXPECT_FALSE(Add("a", 0, missing));
  WaitingPrediction text;
  text.value = drift::Value::Text({});
  text.text = std::string(kMostLabelBytes + 1, 'x');
  EXPECT_FALSE(Add("a", 0, text));
  EXPECT_EQ(table_.counts().unusable, 2u);
  text.text = "cat";
  EXPECT_TRUE(Add("a", 0, text));
  Join("a", 0, Labelled(1));
  EXPECT_EQ(joined_->AsValue().as_text(), "cat");
}

}  // namespace
}  // namespace driftserve
