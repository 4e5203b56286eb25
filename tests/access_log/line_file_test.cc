#include "server/access_log/line_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace driftserve {
namespace {

std::string Content(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class LineFileTest : public testing::Test {
 protected:
  LineFileTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "line-file-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~LineFileTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(LineFileTest, AppendsToWhatIsThere) {
  const auto path = folder_ / "log";
  std::ofstream(path) << "old\n";
  const auto sink = OpenLineFile(path);
  ASSERT_TRUE(sink.ok()) << sink.status();
  EXPECT_TRUE((*sink)("new\n"));
  EXPECT_EQ(Content(path), "old\nnew\n");
}

TEST_F(LineFileTest, AFileThatWasMovedIsOpenedAnew) {
  const auto path = folder_ / "log";
  const auto sink = OpenLineFile(path);
  ASSERT_TRUE(sink.ok());
  EXPECT_TRUE((*sink)("one\n"));
  std::filesystem::rename(path, folder_ / "log.1");
  EXPECT_TRUE((*sink)("two\n"));
  EXPECT_EQ(Content(folder_ / "log.1"), "one\n");
  EXPECT_EQ(Content(path), "two\n");
}

TEST_F(LineFileTest, AFolderThatIsNotThereIsAnErrorThatNamesTheOption) {
  const auto sink = OpenLineFile(folder_ / "no" / "such");
  ASSERT_FALSE(sink.ok());
  EXPECT_THAT(std::string(sink.status().message()), testing::HasSubstr("access_log.path"));
}

TEST_F(LineFileTest, AFolderThatGoesIsAFailedWriteAndNoMore) {
  const auto gone = folder_ / "gone";
  std::filesystem::create_directory(gone);
  const auto sink = OpenLineFile(gone / "log");
  ASSERT_TRUE(sink.ok());
  std::filesystem::remove_all(gone);
  EXPECT_FALSE((*sink)("lost\n"));
  std::filesystem::create_directory(gone);
  EXPECT_TRUE((*sink)("found\n"));
}

}  // namespace
}  // namespace driftserve
