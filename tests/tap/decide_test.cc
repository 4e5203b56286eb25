#include "server/tap/decide.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tap/watched.h"

namespace driftserve {
namespace {

using ::testing::ElementsAre;

std::vector<uint32_t> Rows(const KeptRows& kept) {
  std::vector<uint32_t> rows;
  for (const KeptRow& row : kept) rows.push_back(row.row);
  return rows;
}

TEST(DecideTest, EachRowIsDecidedByItsOwnStratum) {
  const SamplingRule rule({{"HA", 1.0}}, 0.0, 42, 1);
  KeptRows kept;
  EXPECT_EQ(Decide(rule, 7, {0, 1, 0, 1, 1}, 5, kept), 3u);
  EXPECT_THAT(Rows(kept), ElementsAre(1, 3, 4));
  EXPECT_EQ(kept[0].stratum, 1);
  EXPECT_EQ(kept[0].position, 1u);
  EXPECT_EQ(kept[0].inclusion_probability, 1.0);
}

TEST(DecideTest, OneStratumHoldsForAllRows) {
  const SamplingRule rule({{"HA", 1.0}}, 0.0, 42, 1);
  KeptRows kept;
  EXPECT_EQ(Decide(rule, 7, {1}, 3, kept), 3u);
  EXPECT_EQ(Decide(rule, 7, {0}, 3, kept), 0u);
  EXPECT_EQ(kept.size(), 3u);
}

TEST(DecideTest, KeptRowsAreTheOnesThatTheRuleNames) {
  const SamplingRule rule({}, 0.1, 7, 1);
  KeptRows kept;
  Decide(rule, RequestIdKey("flight-1"), {0}, 40, kept);
  EXPECT_THAT(Rows(kept), ElementsAre(1, 4, 14, 23, 28));
  for (const KeptRow& row : kept) EXPECT_EQ(row.inclusion_probability, 0.1);
}

TEST(CountRowsTest, RowsAreCountedInTheirStratumWhetherKeptOrNot) {
  const auto model = MakeWatched(0.0, 2);
  CountRows(*model, 0, 5, {0, 0, 1, 0, 1, 1, 1}, 7);
  CountRows(*model, 1, 5, {1}, 10);
  EXPECT_EQ(model->seen().Total(0), 3u);
  EXPECT_EQ(model->seen().Total(1), 14u);
}

}  // namespace
}  // namespace driftserve
