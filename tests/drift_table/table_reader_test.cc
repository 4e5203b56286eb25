#include "drift/table/table_reader.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drift/table/column_values.h"
#include "tests/drift_table/arrow_files.h"
#include "tests/drift_table/scratch_files.h"

namespace drift {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TableTest : public FilesTest {
 protected:
  static std::string Text(const Value& value) {
    switch (value.type()) {
      case Value::Type::kMissing:
        return "-";
      case Value::Type::kDouble:
        return "d" + std::to_string(value.as_double());
      case Value::Type::kInt64:
        return "i" + std::to_string(value.as_int64());
      case Value::Type::kUint64:
        return "u" + std::to_string(value.as_uint64());
      case Value::Type::kText:
        return "'" + std::string(value.as_text()) + "'";
      case Value::Type::kBool:
        return value.as_bool() ? "true" : "false";
    }
    return "?";
  }

  /// All values of one column, as texts; one element with the message where reading failed.
  static std::vector<std::string> ReadAll(const std::vector<std::string>& patterns, const ColumnRequest& column) {
    auto reader = TableReader::Open(patterns, {column});
    if (!reader.ok()) return {std::string(reader.status().message())};
    std::vector<std::string> values;
    while (true) {
      const auto batch = (*reader)->Next();
      if (!batch.ok()) return {std::string(batch.status().message())};
      if (*batch == nullptr) return values;
      for (const Value& value : (*batch)->columns[0]) values.push_back(Text(value));
    }
  }
  static std::string FaultOf(const std::vector<std::string>& patterns, const ColumnRequest& column) {
    return ReadAll(patterns, column).at(0);
  }
};

TEST_F(TableTest, CsvValuesAndWhatIsMissing) {
  const std::string path =
      Write("a.csv", "\xef\xbb\xbfid,temp,carrier\n1,39.5,UA\n2,NA,\n3,NaN,\"NA\"\n4,,null\n5, -2e1 ,\"a,\nb\"\n");
  EXPECT_THAT(ReadAll({path}, {"temp", ColumnType::kNumber}), ElementsAre("d39.500000", "-", "-", "-", "d-20.000000"));
  EXPECT_THAT(ReadAll({path}, {"carrier", ColumnType::kText}), ElementsAre("'UA'", "-", "'NA'", "-", "'a,\nb'"));
  EXPECT_THAT(ReadAll({path}, {"id"}), ElementsAre("i1", "i2", "i3", "i4", "i5"));
  EXPECT_THAT(ReadAll({path}, {"id", ColumnType::kText}), ElementsAre("'1'", "'2'", "'3'", "'4'", "'5'"));
  EXPECT_THAT(ReadAll({path}, {"carrier"}), ElementsAre("'UA'", "-", "'NA'", "-", "'a,\nb'"));
}

TEST_F(TableTest, NumbersAsPeopleWriteThem) {
  EXPECT_EQ(Text(*NumberFromText("9007199254740993")), "i9007199254740993");
  EXPECT_EQ(Text(*NumberFromText("18446744073709551615")), "u18446744073709551615");
  EXPECT_EQ(Text(*NumberFromText("+5")), "i5");
  EXPECT_EQ(Text(*NumberFromText(" 1.5\t")), "d1.500000");
  EXPECT_EQ(Text(*NumberFromText("True")), "true");
  EXPECT_TRUE(std::isinf(NumberFromText("inf")->as_double()));
  for (const char* text : {"", " ", "1,5", "1_000", "0x10", "12abc", "+-1", "--1", "yes"}) {
    EXPECT_EQ(NumberFromText(text), std::nullopt) << text;
  }
}

TEST_F(TableTest, ParquetAndArrowTypes) {
  for (const char* name : {"a.parquet", "a.arrow"}) {
    const std::string path = Path(name);
    WriteTypedRows(path);
    EXPECT_THAT(ReadAll({path}, {"double"}), ElementsAre("d1.500000", "-", "d-0.250000")) << name;
    EXPECT_THAT(ReadAll({path}, {"float"}), ElementsAre("d1.500000", "-", "d-0.250000"));
    EXPECT_THAT(ReadAll({path}, {"int8"}), ElementsAre("i1", "-", "i-3"));
    EXPECT_THAT(ReadAll({path}, {"uint64"}), ElementsAre("u1", "-", "u18446744073709551615"));
    EXPECT_THAT(ReadAll({path}, {"bool"}), ElementsAre("true", "-", "false"));
    EXPECT_THAT(ReadAll({path}, {"text", ColumnType::kText}), ElementsAre("'UA'", "-", "''"));
    EXPECT_THAT(ReadAll({path}, {"dictionary", ColumnType::kText}), ElementsAre("'UA'", "-", "'DL'"));
    EXPECT_THAT(ReadAll({path}, {"timestamp"}), ElementsAre("i1700000000000000", "-", "i1700000000000001"));
    EXPECT_THAT(ReadAll({path}, {"digits", ColumnType::kNumber}), ElementsAre("i1", "-", "d2.500000"));
    EXPECT_THAT(
        FaultOf({path}, {"double", ColumnType::kText}),
        HasSubstr("column 'double', row 1: expected texts, as the served tensor has, got numbers of type double"));
    EXPECT_THAT(FaultOf({path}, {"text", ColumnType::kNumber}),
                HasSubstr("column 'text', row 1: expected a number, got 'UA'"));
    EXPECT_THAT(FaultOf({path}, {"list"}), HasSubstr("column 'list'"));
    const auto reader = TableReader::Open({path}, {{"float"}, {"uint64"}, {"dictionary"}});
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_EQ((*reader)->stored_type(0), Dtype::kFloat32);
    EXPECT_EQ((*reader)->stored_type(1), Dtype::kUint64);
    EXPECT_EQ((*reader)->stored_type(2), Dtype::kText);
  }
}

TEST_F(TableTest, SeveralFilesAndPatternsInOrderOfName) {
  Write("2.csv", "x\n3\n4\n");
  Write("1.csv", "y,x\n0,1\n0,2\n");
  EXPECT_THAT(ReadAll({Path("*.csv")}, {"x"}), ElementsAre("i1", "i2", "i3", "i4"));
  EXPECT_THAT(ReadAll({Path("2.csv"), Path("1.csv")}, {"x"}), ElementsAre("i3", "i4", "i1", "i2"));
  const auto reader = TableReader::Open({Path("[12].csv")}, {{"x"}});
  ASSERT_TRUE(reader.ok());
  EXPECT_THAT((*reader)->files(), ElementsAre(Path("1.csv"), Path("2.csv")));
  EXPECT_EQ((*reader)->progress(), 0);
  const TableBatch* batch = *(*reader)->Next();
  EXPECT_EQ(batch->file, Path("1.csv"));
  EXPECT_EQ(batch->first_row, 1);
  batch = *(*reader)->Next();
  EXPECT_EQ(batch->file, Path("2.csv"));
  EXPECT_EQ(batch->first_row, 1);
  EXPECT_EQ(*(*reader)->Next(), nullptr);
  EXPECT_EQ((*reader)->progress(), 1);
  EXPECT_EQ((*reader)->rows_read(), 4u);
}

TEST_F(TableTest, AFileIsReadInBatches) {
  std::string rows = "x,pad\n";
  for (int i = 0; i < 200'000; ++i) rows += std::to_string(i) + ",................\n";
  const std::string csv = Write("big.csv", rows);
  const std::string parquet = Path("big.parquet");
  WriteCountingParquet(parquet, 200'000);
  for (const std::string& path : {csv, parquet}) {
    auto reader = *TableReader::Open({path}, {{"x"}});
    int64_t next = 0;
    int batches = 0;
    double progress = 0;
    while (const TableBatch* batch = *reader->Next()) {
      ASSERT_EQ(batch->first_row, next + 1);
      for (const Value& value : batch->columns[0]) ASSERT_EQ(value.as_int64(), next++);
      ++batches;
      ASSERT_GE(reader->progress(), progress);
      progress = reader->progress();
    }
    EXPECT_EQ(next, 200'000);
    EXPECT_GT(batches, 3);
    EXPECT_EQ(reader->progress(), 1);
  }
}

TEST_F(TableTest, AskedTwiceForOneColumn) {
  const auto reader =
      TableReader::Open({Write("a.csv", "x\n1\n")}, {{"x", ColumnType::kNumber}, {"x", ColumnType::kText}});
  const TableBatch* batch = *(*reader)->Next();
  EXPECT_EQ(Text(batch->columns[0][0]), "i1");
  EXPECT_EQ(Text(batch->columns[1][0]), "'1'");
}

TEST_F(TableTest, AColumnThatIsNotThere) {
  EXPECT_THAT(FaultOf({Write("a.csv", "temp,carrier\n1,UA\n")}, {"tmp"}),
              HasSubstr("a.csv: expected column tmp; the file has temp, carrier"));
  WriteTypedRows(Path("a.parquet"));
  EXPECT_THAT(FaultOf({Path("a.parquet")}, {"tmp"}), HasSubstr("expected column tmp; the file has double, float,"));
  // Told before the first file is read.
  const auto reader = TableReader::Open({Write("b.csv", "x\n1\n"), Write("c.csv", "y\n1\n")}, {{"x"}});
  EXPECT_THAT(std::string(reader.status().message()), HasSubstr("c.csv: expected column x; the file has y"));
  EXPECT_THAT(FaultOf({Write("d.csv", "x,x\n1,2\n")}, {"x"}), HasSubstr("column 'x' is there 2 times"));
}

TEST_F(TableTest, ANumericColumnWithTexts) {
  const std::string path = Write("a.csv", "x\n1\n\nNA\nabc\n");
  EXPECT_THAT(FaultOf({path}, {"x", ColumnType::kNumber}),
              HasSubstr("a.csv: column 'x', row 3: expected a number, got 'abc'"));
  std::string rows = "x\n";
  for (int i = 0; i < 400'000; ++i) rows += "123456\n";
  EXPECT_THAT(FaultOf({Write("b.csv", rows + "ouch\n")}, {"x"}),
              HasSubstr("b.csv: column 'x', row 400001: expected a number, got 'ouch' where all before were numbers: "
                        "state the feature's type in monitor.yaml"));
}

TEST_F(TableTest, FilesThatAreNotTables) {
  const auto status = [](const std::string& path) { return TableReader::Open({path}, {{"x"}}).status(); };
  EXPECT_TRUE(absl::IsNotFound(status(Path("none.csv"))));
  EXPECT_TRUE(absl::IsNotFound(status(Path("none*.csv"))));
  EXPECT_THAT(std::string(status(Path("none*.csv")).message()),
              AllOf(HasSubstr("no file matches"), HasSubstr("none*.csv")));
  EXPECT_THAT(std::string(status(Write("empty.csv", "")).message()),
              HasSubstr("empty.csv: expected rows, got an empty file"));
  EXPECT_THAT(std::string(status(Write("a.parquet", "x\n1\n")).message()),
              HasSubstr("expected a parquet file, got other content"));
  EXPECT_THAT(std::string(status(Write("a.csv.gz", "\x1f\x8b\x08...")).message()), HasSubstr("compressed file"));
  EXPECT_FALSE(status(folder_).ok());
  EXPECT_FALSE(TableReader::Open({}, {{"x"}}).ok());
}

TEST_F(TableTest, AHeaderAloneHasNoRows) {
  EXPECT_THAT(ReadAll({Write("a.csv", "x,y\n")}, {"x"}), ElementsAre());
  EXPECT_THAT(FaultOf({Write("b.csv", "x,y")}, {"x"}), HasSubstr("b.csv: not a CSV file"));  // not even a line
}

TEST_F(TableTest, ARowOfAnotherLength) {
  EXPECT_THAT(FaultOf({Write("a.csv", "x,y\n1,2\n1,2,3\n")}, {"x"}),
              HasSubstr("a.csv: row 2: expected 2 fields, as the header has, got 3: 1,2,3"));
  std::string rows = "x,y\n";
  for (int row = 0; row < 300'000; ++row) rows += "1,2\n";  // more than one block of the reader
  EXPECT_THAT(FaultOf({Write("b.csv", rows + "\"1\n")}, {"x"}),
              HasSubstr("b.csv: row 300001: expected 2 fields, as the header has, got 1: \"1; is a quote left open?"));
}

TEST_F(TableTest, DamagedParquetAndArrowFiles) {
  for (const char* name : {"a.parquet", "a.arrow"}) {
    const std::string path = Path(name);
    WriteTypedRows(path);
    std::ifstream file(path, std::ios::binary);
    const std::string whole{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const std::string cut = Write(std::string("cut_") + name, whole.substr(0, whole.size() / 2));
    EXPECT_THAT(FaultOf({cut}, {"double"}), AllOf(HasSubstr("cut_"), HasSubstr("not a whole"))) << name;
    for (size_t length = 8; length < whole.size(); length += 97) {
      EXPECT_FALSE(TableReader::Open({Write("part", whole.substr(0, length))}, {{"double"}}).ok()) << name << length;
    }
  }
}

}  // namespace
}  // namespace drift
