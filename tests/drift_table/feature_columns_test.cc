#include "drift/table/feature_columns.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/drift_table/arrow_files.h"
#include "tests/drift_table/scratch_files.h"

namespace drift {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

FeatureSpec Spec(const std::string& name, const std::string& tensor, ReduceSpec reduce) {
  FeatureSpec spec;
  spec.name = spec.declared = name;
  spec.tensor = tensor;
  spec.reduce = reduce;
  return spec;
}

class FeatureColumnsTest : public FilesTest {
 protected:
  /// The values of each feature over the whole file, as texts; one message where reading failed.
  std::vector<std::string> ReadAll(const std::string& path, std::vector<FeatureColumn> columns) {
    const size_t count = columns.size();
    FeatureColumns features(std::move(columns));
    auto reader = TableReader::Open({path}, features.requests());
    if (!reader.ok()) return {std::string(reader.status().message())};
    std::vector<std::string> texts(count);
    while (true) {
      const auto batch = (*reader)->Next();
      if (!batch.ok()) return {std::string(batch.status().message())};
      if (*batch == nullptr) break;
      std::vector<std::vector<Value>> values;
      const absl::Status status = features.Take(**batch, values);
      if (!status.ok()) return {std::string(status.message())};
      for (size_t i = 0; i < count; ++i) {
        EXPECT_EQ(values[i].size(), (*batch)->rows);
        for (const Value& value : values[i]) texts[i] += (texts[i].empty() ? "" : " ") + Text(value);
      }
    }
    warnings_ = features.warnings();
    return texts;
  }
  static std::string Text(const Value& value) {
    if (value.missing()) return "-";
    return value.type() == Value::Type::kInt64 ? "i" + std::to_string(value.as_int64())
                                               : std::to_string(value.as_double());
  }

  std::vector<std::string> warnings_;
};

constexpr TensorType kImage{Dtype::kUint8, 6};

TEST_F(FeatureColumnsTest, SeveralReductionsOfOneColumnBesidePlainOnes) {
  for (const char* name : {"a.parquet", "a.arrow"}) {
    const std::string path = Path(name);
    WriteListRows(path);
    const auto values = ReadAll(path, {ReducedColumn(Spec("brightness", "image", {Reduction::kMean}), kImage),
                                       {{"mean", ColumnType::kNumber}, {}, {}},
                                       ReducedColumn(Spec("best", "image", {Reduction::kArgmax}), kImage),
                                       ReducedColumn(Spec("long", "ragged", {Reduction::kLength}), std::nullopt),
                                       ReducedColumn(Spec("low", "ragged", {Reduction::kMin}), std::nullopt)});
    EXPECT_THAT(values, ElementsAre("2.500000 - 8.500000", "2.500000 - 8.500000", "i5 - i5", "3.000000 - 0.000000",
                                    "-3.000000 - -"));
    EXPECT_THAT(warnings_, IsEmpty());
  }
}

TEST_F(FeatureColumnsTest, ElementsAreRoundedToTheServedTypeFirst) {
  const std::string path = Path("a.parquet");
  WriteListRows(path);
  const auto values =
      ReadAll(path, {ReducedColumn(Spec("a", "ragged", {Reduction::kMax}), TensorType{Dtype::kInt8, -1}),
                     ReducedColumn(Spec("b", "half", {Reduction::kMax}), TensorType{Dtype::kUint8, 2}),
                     ReducedColumn(Spec("c", "half", {Reduction::kMax}), TensorType{Dtype::kBfloat16, 2})});
  EXPECT_THAT(values, ElementsAre("0.000000 - -", "1.000000 - 255.000000", "1.000000 - 65536.000000"));
}

TEST_F(FeatureColumnsTest, TextsHaveALength) {
  const std::string path = Path("a.parquet");
  WriteListRows(path);
  const auto values =
      ReadAll(path, {ReducedColumn(Spec("one", "word", {Reduction::kLength}), TensorType{Dtype::kText, 1}),
                     ReducedColumn(Spec("all", "words", {Reduction::kLength}), TensorType{Dtype::kText, -1})});
  EXPECT_THAT(values, ElementsAre("3.000000 - 2.000000", "4.000000 - 0.000000"));
}

TEST_F(FeatureColumnsTest, NumbersUnderTheFeaturesNameWereReducedBefore) {
  const std::string path = Path("a.parquet");
  WriteListRows(path);
  EXPECT_THAT(ReadAll(path, {ReducedColumn(Spec("mean", "image", {Reduction::kMean}), kImage)}),
              ElementsAre("2.500000 - 8.500000"));
  EXPECT_THAT(warnings_, ElementsAre("column 'mean' holds single numbers: each is taken as the mean of image, reduced "
                                     "before"));
}

TEST_F(FeatureColumnsTest, RowsOfAnotherWidthAreRefused) {
  const std::string path = Path("a.parquet");
  WriteListRows(path);
  const TensorType wider{Dtype::kUint8, 12};
  EXPECT_THAT(ReadAll(path, {ReducedColumn(Spec("a", "image", {Reduction::kMean}), wider)})[0],
              HasSubstr("a.parquet: column 'image', row 1: expected 12 elements, as a row of tensor 'image' has, "
                        "got 6"));
}

}  // namespace
}  // namespace drift
