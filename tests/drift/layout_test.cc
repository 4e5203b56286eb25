#include "drift/layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/drift/simulation.h"

namespace drift {
namespace {

using testing::NumericReference;
using testing::Random;

std::uint32_t Cell(const FeatureLayout& layout, const Value& value) { return layout.CellOf(value).value(); }

void ExpectCountsEdgesBelow(std::vector<std::uint64_t> edges, KeyKind kind, std::vector<std::uint64_t> keys) {
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  keys.insert(keys.end(), edges.begin(), edges.end());
  const CellSearch search(edges, kind);
  for (const std::uint64_t key : keys) {
    if (kind == KeyKind::kFloating && key == FloatingKey(0) - 1) continue;  // -0.0, which no value is
    const auto expected = std::lower_bound(edges.begin(), edges.end(), key) - edges.begin();
    const double number = KeyToDouble(key, kind);
    const std::uint32_t found = kind == KeyKind::kFloating ? search.FindNumber(number) : search.FindKey(key, number);
    ASSERT_EQ(found, expected) << edges.size() << " " << key;
  }
}

TEST(CellSearchTest, CountsTheEdgesBelowTheKeyAmongIntegers) {
  Random random(1);
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
  for (const std::size_t size : {0, 1, 2, 3, 7, 8, 100, 1000}) {
    for (const KeyKind kind : {KeyKind::kUnsigned, KeyKind::kSigned}) {
      for (const int spread : {0, 50, 63}) {
        std::vector<std::uint64_t> edges, keys = {0, kLargest};
        for (std::size_t i = 0; i < size; ++i) edges.push_back(random.Bits() >> random.Below(1 + spread));
        if (size > 1) edges.push_back(kLargest);
        for (int i = 0; i < 500; ++i) keys.push_back(random.Bits() >> random.Below(1 + spread));
        ASSERT_NO_FATAL_FAILURE(ExpectCountsEdgesBelow(edges, kind, keys));
      }
    }
  }
}

TEST(CellSearchTest, CountsTheEdgesBelowTheKeyAmongNumbers) {
  Random random(2);
  constexpr double kLargest = std::numeric_limits<double>::max();
  for (const std::size_t size : {1, 2, 5, 100, 1000}) {
    for (int shape = 0; shape < 6; ++shape) {
      const auto draw = [&] {
        const double z = random.Normal();
        switch (shape) {
          case 0: return z;
          case 1: return std::exp(20 * z);               // nearly all in one slot
          case 2: return z / random.Normal();            // heavy tails
          case 3: return z * 1e-310;                     // denormals
          case 4: return z > 0 ? kLargest * random.Uniform() : -kLargest * random.Uniform();
          default: return std::floor(3 * z);             // few values
        }
      };
      std::vector<std::uint64_t> edges, keys = {FloatingKey(-kLargest), FloatingKey(kLargest), FloatingKey(0)};
      for (std::size_t i = 0; i < size; ++i) edges.push_back(FloatingKey(draw()));
      for (int i = 0; i < 500; ++i) keys.push_back(FloatingKey(draw()));
      const std::vector<std::uint64_t> near = edges;
      for (const std::uint64_t edge : near) {
        edges.push_back(edge - 1);  // the gap below a singleton
        keys.push_back(edge + 1);
      }
      ASSERT_NO_FATAL_FAILURE(ExpectCountsEdgesBelow(edges, KeyKind::kFloating, keys)) << shape;
    }
  }
}

TEST(FeatureLayoutTest, RankCellsKeepEveryValueAndEveryGapApart) {
  const auto reference = NumericReference({1, 2, 2, 5});
  const FeatureLayout layout(reference->features[0]);
  EXPECT_TRUE(layout.rank_cells());
  EXPECT_EQ(layout.cells(), 8u);  // (−∞,1) 1 (1,2) 2 (2,5) 5 (5,∞) and MISSING
  EXPECT_EQ(Cell(layout, Value::Double(0)), 0u);
  EXPECT_EQ(Cell(layout, Value::Double(1)), 1u);
  EXPECT_EQ(Cell(layout, Value::Double(std::nextafter(1.0, 2.0))), 2u);
  EXPECT_EQ(Cell(layout, Value::Double(2)), 3u);
  EXPECT_EQ(Cell(layout, Value::Double(4.9)), 4u);
  EXPECT_EQ(Cell(layout, Value::Double(5)), 5u);
  EXPECT_EQ(Cell(layout, Value::Double(1e300)), 6u);
  EXPECT_EQ(Cell(layout, Value::Double(std::nan(""))), layout.missing_cell());
  EXPECT_EQ(reference->features[0].cell_counts, (std::vector<std::uint64_t>{0, 1, 0, 2, 0, 1, 0, 0}));
}

TEST(FeatureLayoutTest, QuantileCellsHoldEqualMassAndHeavyValuesAlone) {
  Random random(2);
  std::vector<double> values;
  for (int i = 0; i < 20'000; ++i) values.push_back(random.Uniform() < 0.3 ? 0.5 : random.Uniform());
  const auto reference = NumericReference(values, 100);
  const FeatureReference& feature = reference->features[0];
  const FeatureLayout layout(feature);
  EXPECT_FALSE(layout.rank_cells());
  EXPECT_LE(layout.cells(), 104u);
  const std::uint32_t heavy = Cell(layout, Value::Double(0.5));
  EXPECT_TRUE(layout.singleton(heavy));
  EXPECT_NEAR(static_cast<double>(feature.cell_counts[heavy]), 6000, 300);
  for (std::uint32_t cell = 0; cell < layout.missing_cell(); ++cell) {
    if (cell != heavy) {
      EXPECT_LE(feature.cell_counts[cell], 201u) << cell;
    }
  }
}

TEST(FeatureLayoutTest, BinsAreDecilesMadeOfWholeCells) {
  Random random(3);
  std::vector<double> values;
  for (int i = 0; i < 10'000; ++i) values.push_back(random.Normal());
  const auto reference = NumericReference(values);
  const FeatureLayout layout(reference->features[0]);
  ASSERT_EQ(layout.bins(), 11u);
  std::vector<double> share(layout.bins(), 0);
  for (std::uint32_t cell = 0; cell < layout.cells(); ++cell) {
    if (cell > 0) {
      EXPECT_GE(layout.bin_of(cell), layout.bin_of(cell - 1));
    }
    share[layout.bin_of(cell)] += static_cast<double>(reference->features[0].cell_counts[cell]) / 10'000;
  }
  for (std::uint32_t bin = 0; bin < 10; ++bin) EXPECT_NEAR(share[bin], 0.1, 0.0011) << bin;
  EXPECT_EQ(layout.BinLabel(10).str(), "missing");
  EXPECT_EQ(layout.BinLower(0), std::nullopt);
  EXPECT_NEAR(*layout.BinUpper(4), 0, 0.05);
  EXPECT_EQ(layout.BinLower(5), layout.BinUpper(4));
}

TEST(FeatureLayoutTest, ASmallLastBinJoinsTheOneBefore) {
  std::vector<double> values(97, 1);
  values.insert(values.end(), {2, 3, 4});
  const auto reference = NumericReference(values);
  const FeatureLayout layout(reference->features[0]);
  EXPECT_EQ(layout.bins(), 2u);  // everything, and MISSING
  EXPECT_EQ(layout.BinLabel(0).str(), "(-inf, inf)");
}

TEST(FeatureLayoutTest, LabelsShowWhereASingletonBegins) {
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i) values.push_back(i < 500 ? i / 1000.0 : 1);
  const auto reference = NumericReference(values, 20);
  const FeatureLayout layout(reference->features[0]);
  const std::string last = layout.BinLabel(layout.missing_bin() - 1).str();
  EXPECT_TRUE(last.starts_with("(0.4") || last.starts_with("[1")) << last;
}

TEST(CategoryTableTest, OtherIsKnownAndRareUnseenIsNew) {
  std::vector<std::vector<Value>> rows;
  for (int i = 0; i < 400; ++i) rows.push_back({Value::Text(i % 2 == 0 ? "UA" : "B6")});
  for (int i = 0; i < 8; ++i) rows.push_back({Value::Text("OO")});
  rows.push_back({Value::Text("once")});
  rows.push_back({Value::Text(std::string_view("a\0b", 3))});
  rows.push_back({Value::Missing()});
  const auto reference =
      testing::MakeReference({{"carrier", Role::kFeature, Dtype::kText, std::nullopt}}, rows);
  const FeatureReference& feature = reference->features[0];
  EXPECT_EQ(feature.kind, Kind::kCategorical);
  EXPECT_EQ(feature.categories, (std::vector<std::string>{"B6", "UA"}));
  EXPECT_EQ(feature.cell_counts, (std::vector<std::uint64_t>{200, 200, 8, 2, 1}));  // UNSEEN: seen exactly once
  const FeatureLayout layout(feature);
  EXPECT_EQ(layout.BinLabel(Cell(layout, Value::Text("UA"))).str(), "UA");
  EXPECT_EQ(layout.BinLabel(Cell(layout, Value::Text("OO"))).str(), "other");
  EXPECT_EQ(layout.BinLabel(Cell(layout, Value::Text(std::string_view("a\0b", 3)))).str(), "other");
  EXPECT_EQ(layout.BinLabel(Cell(layout, Value::Text("a"))).str(), "unseen");
  EXPECT_EQ(layout.BinLabel(Cell(layout, Value::Missing())).str(), "missing");
  EXPECT_EQ(layout.CellOf(Value::Double(1)), std::nullopt);
}

TEST(CategoryTableTest, ManyRareValuesMakeUnseenPartOfOther) {
  std::vector<std::string> names;
  for (int i = 0; i < 3000; ++i) names.push_back("id" + std::to_string(i));
  std::vector<std::vector<Value>> rows;
  for (const std::string& name : names) rows.push_back({Value::Text(name)});
  const auto reference = testing::MakeReference({{"id", Role::kFeature, Dtype::kText, std::nullopt}}, rows);
  const FeatureLayout layout(reference->features[0]);
  EXPECT_TRUE(reference->features[0].unseen_joins_other);
  EXPECT_EQ(layout.BinLabel(Cell(layout, Value::Text("id5"))).str(), "other");
  EXPECT_EQ(layout.BinLabel(Cell(layout, Value::Text("new"))).str(), "other");
}

TEST(CategoryTableTest, NumbersAreCategoriesByValue) {
  std::vector<std::vector<Value>> rows;
  for (int i = 0; i < 300; ++i) rows.push_back({Value::Double(i % 3 == 0 ? 0.1 : 7)});
  const auto reference = testing::MakeReference({{"code", Role::kFeature, Dtype::kFloat32, std::nullopt}}, rows);
  const FeatureLayout layout(reference->features[0]);
  EXPECT_EQ(reference->features[0].categories, (std::vector<std::string>{"7", "0.1"}));
  EXPECT_EQ(layout.BinLabel(Cell(layout, Value::Double(static_cast<double>(0.1f)))).str(), "0.1");
  EXPECT_EQ(layout.BinLabel(Cell(layout, Value::Int64(7))).str(), "7");
  EXPECT_EQ(layout.BinLabel(Cell(layout, Value::Double(8))).str(), "unseen");
}

}  // namespace
}  // namespace drift
