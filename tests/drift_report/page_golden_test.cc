// The whole page, byte for byte: what a change of the renderer does to it is read in the difference.
// After a wanted change
//   DRIFTSERVE_GOLDEN_OUT=tests/golden/report build/release/bin/drift_report_test --gtest_filter='*Golden*'
// writes the pages anew; look at them in a browser before they are committed.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "drift/report/page.h"
#include "tests/drift_report/samples.h"

namespace drift::synthetic {
namespace {

constexpr char kFolder[] = "tests/golden/report";

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The first place where the two differ, with what stands around it: a page is too long to be shown.
std::string FirstDifference(const std::string& page, const std::string& golden) {
  size_t at = 0;
  while (at < page.size() && at < golden.size() && page[at] == golden[at]) ++at;
  const size_t from = at < 100 ? 0 : at - 100;
  return "byte " + std::to_string(at) + "\nis     …" + page.substr(from, 200) + "\ngolden …" +
         golden.substr(from, 200);
}

class PageGoldenTest : public ::testing::TestWithParam<const char*> {};

TEST_P(PageGoldenTest, IsThePageThatWasLookedAt) {
  const std::string name = GetParam();
  std::string page;
  for (const Sample& sample : Samples()) {
    if (name == sample.name) page = RenderPage(sample.model->input, 0);
    if (name == "live" && sample.name == "drifted") page = RenderPage(sample.model->input, 300);
  }
  ASSERT_FALSE(page.empty());
  if (const char* out = std::getenv("DRIFTSERVE_GOLDEN_OUT")) {
    std::ofstream(std::string(out) + "/" + name + ".html", std::ios::binary) << page;
  }
  const std::string golden = Content(std::string(kFolder) + "/" + name + ".html");
  EXPECT_TRUE(page == golden) << FirstDifference(page, golden);
}

// What a report holds at most, what it holds at least, the live page, and a feature's reason in place of its figures.
INSTANTIATE_TEST_SUITE_P(Pages, PageGoldenTest, ::testing::Values("report", "bare", "live", "warming"));

}  // namespace
}  // namespace drift::synthetic
