#include "drift/tool/progress_bar.h"

#include <sstream>

#include <gtest/gtest.h>

namespace drift {
namespace {

class ProgressBarTest : public ::testing::Test {
 protected:
  ProgressBarTest() : console_{out_, err_, true, "drift", [this] { return now_ns_; }, {}, {}} {}

  void After(double seconds) { now_ns_ += static_cast<int64_t>(seconds * 1e9); }

  std::ostringstream out_, err_;
  int64_t now_ns_ = 5'000'000'000;
  Console console_;
};

TEST_F(ProgressBarTest, IsShownFromTheSecondSecondOnAndTakenAwayAtTheEnd) {
  {
    ProgressBar bar(console_, "current", false);
    After(1.9);
    bar.Show(0.2, 1000);
    EXPECT_EQ(err_.str(), "");
    After(0.2);
    bar.Show(0.5, 2500);
    EXPECT_EQ(err_.str(), "\rcurrent [############............]  50 %, 2500 rows");
    After(0.1);
    bar.Show(0.6, 3000);  // too soon after the last
    EXPECT_EQ(err_.str().find("60 %"), std::string::npos);
    After(0.2);
    bar.Show(-1, 3500);
    EXPECT_NE(err_.str().find("\rcurrent: 3500 rows "), std::string::npos);
  }
  EXPECT_EQ(err_.str().substr(err_.str().size() - 1), "\r");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(ProgressBarTest, IsShownFromTheBeginningAndLeftThereWhereAsked) {
  console_.err_is_terminal = false;
  {
    ProgressBar bar(console_, "reading rows", ShowProgress::kAlways);
    bar.Show(0.5, 1000);
    bar.Show(0.6, 1200);  // too soon after the last
    bar.Show(1, 2000);    // the end is always told
  }
  EXPECT_EQ(err_.str(),
            "\rreading rows [############............]  50 %, 1000 rows"
            "\rreading rows [########################] 100 %, 2000 rows\n");
}

TEST_F(ProgressBarTest, IsNotShownWithoutATerminalOrWhenQuiet) {
  for (const bool quiet : {true, false}) {
    console_.err_is_terminal = quiet;
    ProgressBar bar(console_, "current", quiet);
    After(60);
    bar.Show(0.5, 1);
  }
  EXPECT_EQ(err_.str(), "");
}

}  // namespace
}  // namespace drift
