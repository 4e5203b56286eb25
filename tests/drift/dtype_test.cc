#include "drift/dtype.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/drift/simulation.h"

namespace drift {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::uint64_t Key(const Value& value, Dtype dtype) {
  const KeyOf key = ToKey(value, dtype);
  EXPECT_EQ(key.outcome, KeyOf::Outcome::kKey);
  return key.key;
}

double Rounded(double value, Dtype dtype) { return KeyToDouble(Key(Value::Double(value), dtype), KeyKindOf(dtype)); }

TEST(DtypeTest, KeysAreInTheOrderOfTheValues) {
  const std::vector<double> values = {-std::numeric_limits<double>::max(), -1.5, -1e-310, 0, 5e-324, 1e-310, 1, 1e300};
  for (std::size_t i = 1; i < values.size(); ++i) {
    EXPECT_LT(Key(Value::Double(values[i - 1]), Dtype::kFloat64), Key(Value::Double(values[i]), Dtype::kFloat64));
  }
  EXPECT_LT(Key(Value::Int64(std::numeric_limits<std::int64_t>::min()), Dtype::kInt64),
            Key(Value::Int64(-1), Dtype::kInt64));
  EXPECT_LT(Key(Value::Int64(-1), Dtype::kInt64), Key(Value::Int64(0), Dtype::kInt64));
}

TEST(DtypeTest, NegativeZeroIsZero) {
  EXPECT_EQ(Key(Value::Double(-0.0), Dtype::kFloat32), Key(Value::Double(0.0), Dtype::kFloat32));
  EXPECT_FALSE(std::signbit(Rounded(-0.0, Dtype::kFloat64)));
}

TEST(DtypeTest, IntegersAbove2To53StayApart) {
  constexpr std::int64_t kLarge = std::int64_t{1} << 53;
  EXPECT_NE(Key(Value::Int64(kLarge), Dtype::kInt64), Key(Value::Int64(kLarge + 1), Dtype::kInt64));
  constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();
  EXPECT_NE(Key(Value::Uint64(kHuge), Dtype::kUint64), Key(Value::Uint64(kHuge - 1), Dtype::kUint64));
}

TEST(DtypeTest, RoundsToTheServedType) {
  EXPECT_EQ(Rounded(0.1, Dtype::kFloat32), static_cast<double>(0.1f));
  EXPECT_EQ(Rounded(0.1, Dtype::kFloat16), 0.0999755859375);
  EXPECT_EQ(Rounded(2049, Dtype::kFloat16), 2048);  // a tie goes to even
  EXPECT_EQ(Rounded(0.1, Dtype::kBfloat16), 0.10009765625);
  EXPECT_EQ(Rounded(0x1p-24, Dtype::kFloat16), 0x1p-24);  // the smallest one
  EXPECT_EQ(Rounded(2.5, Dtype::kInt32), 2);
  EXPECT_EQ(Rounded(300, Dtype::kUint8), 255);
  EXPECT_EQ(Rounded(-5, Dtype::kUint64), 0);
  EXPECT_EQ(Rounded(-1e30, Dtype::kInt64), -0x1p63);
}

TEST(DtypeTest, ElementsAreRoundedAsValuesAre) {
  EXPECT_EQ(RoundTo(0.1, Dtype::kFloat16), 0.0999755859375);
  EXPECT_EQ(RoundTo(0.1, Dtype::kFloat32), static_cast<double>(0.1f));
  EXPECT_EQ(RoundTo(300, Dtype::kUint8), 255);
  EXPECT_EQ(RoundTo(-7, Dtype::kBool), 1);
  EXPECT_FALSE(std::signbit(RoundTo(-0.0, Dtype::kFloat64)));
  for (const double value : {std::nan(""), kInfinity, 1e300}) EXPECT_TRUE(std::isnan(RoundTo(value, Dtype::kFloat32)));
}

TEST(DtypeTest, NotANumberAndInfinitiesAreMissing) {
  for (const double value : {std::nan(""), kInfinity, -kInfinity}) {
    EXPECT_EQ(ToKey(Value::Double(value), Dtype::kFloat32).outcome, KeyOf::Outcome::kMissing);
    EXPECT_EQ(ToKey(Value::Double(value), Dtype::kInt64).outcome, KeyOf::Outcome::kMissing);
  }
  EXPECT_EQ(ToKey(Value::Double(1e300), Dtype::kFloat32).outcome, KeyOf::Outcome::kMissing);
  EXPECT_EQ(ToKey(Value::Double(65520), Dtype::kFloat16).outcome, KeyOf::Outcome::kMissing);
  EXPECT_EQ(ToKey(Value::Missing(), Dtype::kFloat32).outcome, KeyOf::Outcome::kMissing);
}

TEST(DtypeTest, TextForANumberIsUnreadableNotMissing) {
  EXPECT_EQ(ToKey(Value::Text("7"), Dtype::kFloat32).outcome, KeyOf::Outcome::kUnreadable);
  EXPECT_EQ(ToKey(Value::Double(7), Dtype::kText).outcome, KeyOf::Outcome::kUnreadable);
}

TEST(DtypeTest, TextOfAKeyReadsBack) {
  testing::Random random(5);
  for (const Dtype dtype : {Dtype::kBool, Dtype::kInt8, Dtype::kInt64, Dtype::kUint64, Dtype::kFloat16,
                            Dtype::kBfloat16, Dtype::kFloat32, Dtype::kFloat64}) {
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t key = Key(Value::Double(random.Normal() * 1000), dtype);
      EXPECT_EQ(KeyFromText(KeyToText(key, dtype), dtype), key) << Name(dtype) << " " << KeyToText(key, dtype);
    }
  }
  EXPECT_EQ(KeyToText(Key(Value::Double(0.1), Dtype::kFloat32), Dtype::kFloat32), "0.1");
  EXPECT_EQ(KeyFromText("ten", Dtype::kFloat32), std::nullopt);
}

TEST(DtypeTest, NamesReadBack) {
  for (int i = 0; i <= static_cast<int>(Dtype::kText); ++i) {
    EXPECT_EQ(DtypeFromName(Name(static_cast<Dtype>(i))), static_cast<Dtype>(i));
  }
  EXPECT_EQ(DtypeFromName("float"), std::nullopt);
}

}  // namespace
}  // namespace drift
