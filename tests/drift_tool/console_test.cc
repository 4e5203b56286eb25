#include "drift/tool/console.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/drift_table/scratch_files.h"

namespace drift {
namespace {

using ::testing::HasSubstr;

class ConsoleTest : public FilesTest {
 protected:
  std::string Content(const std::string& name) const {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  size_t Files() const {
    const std::filesystem::directory_iterator files(folder_);
    return static_cast<size_t>(std::distance(begin(files), end(files)));
  }

  std::ostringstream out_, err_;
  Console console_{out_, err_, false, "drift", {}, {}, {}};
};

TEST_F(ConsoleTest, AFilesBytesCannotControlTheTerminal) {
  const absl::Status fault = absl::InvalidArgumentError("a.csv: got '\x1b[31m\xff é'\nand more");
  EXPECT_EQ(Complain(console_, "report", fault), kBadInput);
  EXPECT_EQ(err_.str(), "drift report: a.csv: got '\\x1b[31m\\xff é'\nand more\n");
  err_.str("");
  Warn(console_, {"one\x07", "two"});
  EXPECT_EQ(err_.str(), "warning: one\\x07\nwarning: two\n");
}

TEST_F(ConsoleTest, OutputsAreFilesAndThenStandardOutput) {
  Outputs outputs;
  outputs.Add("-", "first ");
  outputs.Add(Path("report.html"), "a page");
  outputs.Add("", "nobody asked");
  outputs.Add("-", "second");
  ASSERT_TRUE(outputs.Write(console_).ok());
  EXPECT_EQ(out_.str(), "first second");
  EXPECT_EQ(Content("report.html"), "a page");
  EXPECT_EQ(Files(), 1u);
}

TEST_F(ConsoleTest, WhereOneCannotBeWrittenNoneIs) {
  Write("report.html", "old");
  std::filesystem::create_directory(folder_ / "folder");
  for (const std::string& bad : {Path("none/report.json"), Path("folder"), Path("report.html")}) {
    Outputs outputs;
    outputs.Add("-", "text");
    outputs.Add(Path("report.html"), "new");
    outputs.Add(bad, "new");
    const absl::Status status = outputs.Write(console_);
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad + ": "));
    EXPECT_EQ(Content("report.html"), "old");
    EXPECT_EQ(out_.str(), "");
    EXPECT_EQ(Files(), 2u) << "a temporary file was left";
  }
}

}  // namespace
}  // namespace drift
