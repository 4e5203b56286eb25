#include "drift/psi.h"

#include <gtest/gtest.h>

namespace drift {
namespace {

TEST(EffectiveSamplesTest, RowsAllInOneBinAreWorthKishsNumber) {
  BinEstimate estimate;
  estimate.bins = {0, 1};
  estimate.reference = {0.98, 0.02};
  estimate.rows = estimate.effective_rows = 4000;
  estimate.smooth = Smooth(estimate.reference, estimate.rows);
  estimate.kish = 2138;
  estimate.covariance = {1.5e-21, 0, 0, 0};
  for (const double share : {1.0, 1 - 1e-16, 1 + 3e-16}) {  // as sums of weighted groups round
    estimate.current = {share, 0};
    EXPECT_EQ(EffectiveSamples(estimate), 2138) << share - 1;
  }
  estimate.current = {1 - 1e-6, 1e-6};
  EXPECT_NE(EffectiveSamples(estimate), 2138);
}

}  // namespace
}  // namespace drift
