#include "drift/batch/table_source.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/drift/simulation.h"

namespace drift {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TableSourceTest : public ::testing::Test {
 protected:
  TableSourceTest()
      : folder_(std::filesystem::path(::testing::TempDir()) /
                ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    reference_ = testing::MakeReference({{"x", Role::kFeature, Dtype::kFloat64, Kind::kNumeric},
                                         {"city", Role::kFeature, Dtype::kText, Kind::kCategorical}},
                                        {{Value::Double(1), Value::Text("Oslo")}});
  }
  ~TableSourceTest() override { std::filesystem::remove_all(folder_); }

  TableSourceOptions File(const std::string& content) {
    std::ofstream(folder_ / "week.csv", std::ios::binary) << content;
    TableSourceOptions options;
    options.files = {folder_ / "week.csv"};
    return options;
  }

  /// What opening or the first batch complains of.
  std::string Fault(const TableSourceOptions& options) {
    auto source = TableSource::Open(*reference_, options);
    if (!source.ok()) return std::string(source.status().message());
    const auto batch = (*source)->Next();
    return batch.ok() ? "" : std::string(batch.status().message());
  }

  std::filesystem::path folder_;
  std::shared_ptr<const Reference> reference_;
};

TEST_F(TableSourceTest, GivesFeaturesInTheReferencesOrderAndWhatStandsBeside) {
  TableSourceOptions options = File(
      "city,pi,x,when,tier,note\n"
      "Oslo,1,3.5,2013-01-02,1,a\n"
      "Rome,0.5,,2013-01-01T00:00:01Z,,b\n");
  options.time_column = "when";
  options.stratum_column = "tier";
  options.probability_column = "pi";
  options.more = {{"note", ColumnType::kText}};
  const auto source = TableSource::Open(*reference_, options);
  ASSERT_TRUE(source.ok()) << source.status();
  const auto batch = (*source)->Next();
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ((*batch)->values[0][0].as_double(), 3.5);
  EXPECT_TRUE((*batch)->values[0][1].missing());
  EXPECT_EQ((*batch)->values[1][1].as_text(), "Rome");
  EXPECT_THAT((*batch)->times_ns, ElementsAre(1'357'084'800'000'000'000, 1'356'998'401'000'000'000));
  EXPECT_THAT((*batch)->strata, ElementsAre("1", "default"));
  EXPECT_THAT((*batch)->inclusion_probabilities, ElementsAre(1, 0.5));
  EXPECT_EQ((*source)->more()[0][1].as_text(), "b");
  EXPECT_EQ((*source)->RowName(1), (folder_ / "week.csv").string() + ": row 2");
  EXPECT_THAT((*source)->warnings(), IsEmpty());
  ASSERT_EQ(*(*source)->Next(), nullptr);
  const DataSide side = (*source)->side();
  EXPECT_EQ(side.rows, 2u);
  EXPECT_EQ(side.first_ns, 1'356'998'401'000'000'000);
  EXPECT_EQ(side.last_ns, 1'357'084'800'000'000'000);
}

TEST_F(TableSourceTest, WeightsAreInverseProbabilities) {
  TableSourceOptions options = File("city,x,w\nOslo,1,4\n");
  options.weight_column = "w";
  const auto source = TableSource::Open(*reference_, options);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_THAT((**(*source)->Next()).inclusion_probabilities, ElementsAre(0.25));
}

TEST_F(TableSourceTest, WarnsOfColumnsThatAreNotCompared) {
  const auto source = TableSource::Open(*reference_, File("city,x,humidity,y\nOslo,1,2,3\n"));
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_THAT((*source)->warnings(),
              ElementsAre(HasSubstr("not compared, as the reference does not have them: humidity, y")));
}

TEST_F(TableSourceTest, SaysWhichRowIsWrong) {
  TableSourceOptions options = File("city,x,when,pi,w\nOslo,1,2013-01-01,1,1\nOslo,1,,0,0.5\n");
  options.time_column = "when";
  EXPECT_THAT(Fault(options), HasSubstr("week.csv: column 'when', row 2: expected a time, got a missing value"));
  options = File("city,x,when,pi,w\nOslo,1,soon,1,1\nOslo,1,,0,0.5\n");
  options.time_column = "when";
  EXPECT_THAT(Fault(options), HasSubstr("week.csv: column 'when', row 1: expected a time, as 2013-01-05T06:00:00Z or "
                                        "Unix seconds, got 'soon'"));
  options.time_column = "";
  options.probability_column = "pi";
  EXPECT_THAT(Fault(options), HasSubstr("column 'pi', row 2: expected an inclusion probability above 0 and up to 1, "
                                        "got 0"));
  options.probability_column = "";
  options.weight_column = "w";
  EXPECT_THAT(Fault(options), HasSubstr("column 'w', row 2: expected a weight of 1 or more, got 0.5"));
  options.probability_column = "pi";
  EXPECT_THAT(Fault(options), HasSubstr("got both columns 'pi' and 'w'"));
}

TEST_F(TableSourceTest, SuggestsTheNameThatAColumnMayHaveNow) {
  EXPECT_THAT(Fault(File("City,x\nOslo,1\n")),
              HasSubstr("expected column city; the file has City, x; is 'city' now called 'City'?"));
}

}  // namespace
}  // namespace drift
