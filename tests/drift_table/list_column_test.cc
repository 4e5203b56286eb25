#include "drift/table/list_column.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drift/table/table_reader.h"
#include "tests/drift_table/arrow_files.h"
#include "tests/drift_table/scratch_files.h"

namespace drift {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ListColumnTest : public FilesTest {
 protected:
  /// Each row of the column as a text, "-" a missing one; one element with the message where reading failed.
  static std::vector<std::string> ReadAll(const std::string& path, const ColumnRequest& request) {
    auto reader = TableReader::Open({path}, {request});
    if (!reader.ok()) return {std::string(reader.status().message())};
    std::vector<std::string> rows;
    std::vector<double> elements = {99};
    while (true) {
      const auto batch = (*reader)->Next();
      if (!batch.ok()) return {std::string(batch.status().message())};
      if (*batch == nullptr) return rows;
      if (!(*batch)->lists[0]) return {"no lists"};
      EXPECT_THAT((*batch)->columns[0], IsEmpty());
      for (size_t row = 0; row < (*batch)->rows; ++row) {
        if (!(*batch)->lists[0]->Read(row, elements)) {
          EXPECT_THAT(elements, IsEmpty());
          rows.push_back("-");
          continue;
        }
        std::string text;
        for (const double x : elements) text += (text.empty() ? "" : " ") + (std::isnan(x) ? "nan" : std::to_string(x));
        rows.push_back(text);
      }
    }
  }
  static ColumnRequest Row(const std::string& name) { return {name, ColumnType::kRow, name}; }
  static ColumnRequest TextRow(const std::string& name) { return {name, ColumnType::kTextRow, name}; }
};

TEST_F(ListColumnTest, ListsOfAnyKindAndNesting) {
  for (const char* name : {"a.parquet", "a.arrow"}) {
    const std::string path = Path(name);
    WriteListRows(path);
    SCOPED_TRACE(name);
    EXPECT_THAT(ReadAll(path, Row("image")),
                ElementsAre("0.000000 1.000000 2.000000 3.000000 4.000000 5.000000", "-",
                            "6.000000 7.000000 8.000000 9.000000 10.000000 11.000000"));
    EXPECT_THAT(ReadAll(path, Row("ragged")), ElementsAre("0.100000 nan -3.000000", "-", ""));
    EXPECT_THAT(ReadAll(path, Row("half")), ElementsAre("0.500000 1.000000", "-", "-2.000000 65504.000000"));
    EXPECT_THAT(ReadAll(path, TextRow("words")), ElementsAre("1.000000 nan 3.000000", "-", "0.000000"));
    EXPECT_THAT(ReadAll(path, TextRow("word")), ElementsAre("3.000000", "-", "2.000000"));
  }
}

TEST_F(ListColumnTest, WhatIsNotAListOfNumbersIsNamed) {
  for (const char* name : {"a.parquet", "a.arrow"}) {
    const std::string path = Path(name);
    WriteListRows(path);
    EXPECT_THAT(ReadAll(path, Row("words"))[0],
                HasSubstr("column 'words', row 1: expected lists of numbers, got values of type list<"));
    EXPECT_THAT(ReadAll(path, Row("mean"))[0],
                HasSubstr("column 'mean', row 1: expected lists of numbers, got values of type double"));
    EXPECT_THAT(ReadAll(path, Row("struct"))[0], HasSubstr("expected lists of numbers, got values of type list<"));
    EXPECT_THAT(ReadAll(path, TextRow("ragged"))[0], HasSubstr("expected texts or lists of texts, got values of type"));
    EXPECT_THAT(ReadAll(path, {"image"})[0], HasSubstr("column 'image'"));
  }
}

TEST_F(ListColumnTest, AColumnIsFoundByTheFeatureThenByItsTensor) {
  const std::string path = Path("a.parquet");
  WriteListRows(path);
  EXPECT_THAT(ReadAll(path, {"brightness", ColumnType::kRow, "half"}),
              ElementsAre("0.500000 1.000000", "-", "-2.000000 65504.000000"));
  EXPECT_THAT(ReadAll(path, {"half", ColumnType::kRow, "image"}).front(), "0.500000 1.000000");
  EXPECT_THAT(ReadAll(path, {"mean", ColumnType::kRow, "image"}), ElementsAre("no lists"));  // reduced before
  EXPECT_THAT(ReadAll(path, {"brightness", ColumnType::kRow, "picture"})[0],
              HasSubstr("expected column brightness or picture; the file has image, ragged"));
}

TEST_F(ListColumnTest, CsvHoldsTextsAndReducedNumbersButNoLists) {
  const std::string path = Write("a.csv", "image,mean,word\n\"[1, 2]\",1.5,abc\n");
  EXPECT_THAT(ReadAll(path, {"brightness", ColumnType::kRow, "image"})[0],
              HasSubstr("a.csv: column 'image': expected lists of numbers, which feature 'brightness' reduces; CSV "
                        "cannot hold them: use Parquet or Arrow, or give column 'brightness' of reduced numbers"));
  EXPECT_THAT(ReadAll(path, {"mean", ColumnType::kRow, "image"}), ElementsAre("no lists"));
  EXPECT_THAT(ReadAll(path, {"length", ColumnType::kTextRow, "word"}), ElementsAre("3.000000"));
}

TEST_F(ListColumnTest, WideRowsComeAFewAtATime) {
  const std::string path = Path("wide.parquet");
  WriteWideParquet(path, 200, 100'000);
  auto reader = TableReader::Open({path}, {Row("image")});
  ASSERT_TRUE(reader.ok()) << reader.status();
  size_t rows = 0, most = 0;
  std::vector<double> elements;
  while (true) {
    const auto batch = (*reader)->Next();
    ASSERT_TRUE(batch.ok()) << batch.status();
    if (*batch == nullptr) break;
    for (size_t row = 0; row < (*batch)->rows; ++row) {
      ASSERT_TRUE((*batch)->lists[0]->Read(row, elements));
      ASSERT_EQ(elements.size(), 100'000u);
      EXPECT_EQ(elements.front(), static_cast<double>(rows + row));
      EXPECT_EQ(elements.back(), static_cast<double>(rows + row) + 99'999);
    }
    rows += (*batch)->rows;
    most = std::max(most, (*batch)->rows);
  }
  EXPECT_EQ(rows, 200u);
  EXPECT_LE(most, 50u);
}

}  // namespace
}  // namespace drift
