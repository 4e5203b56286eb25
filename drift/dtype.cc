#include "drift/dtype.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace drift {
namespace {

constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;
constexpr std::array<std::string_view, 14> kNames = {"BOOL",  "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16",
                                                     "INT32", "INT64", "FP16",   "BF16",   "FP32",   "FP64", "BYTES"};

struct IntegerRange {
  std::int64_t low;
  std::uint64_t high;
};

IntegerRange RangeOf(Dtype dtype) {
  switch (dtype) {
    case Dtype::kBool: return {0, 1};
    case Dtype::kUint8: return {0, std::numeric_limits<std::uint8_t>::max()};
    case Dtype::kUint16: return {0, std::numeric_limits<std::uint16_t>::max()};
    case Dtype::kUint32: return {0, std::numeric_limits<std::uint32_t>::max()};
    case Dtype::kInt8: return {std::numeric_limits<std::int8_t>::min(), std::numeric_limits<std::int8_t>::max()};
    case Dtype::kInt16: return {std::numeric_limits<std::int16_t>::min(), std::numeric_limits<std::int16_t>::max()};
    case Dtype::kInt32: return {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
    case Dtype::kInt64: return {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
    default: return {0, std::numeric_limits<std::uint64_t>::max()};
  }
}

// To `significand` bits with the smallest step 2^`smallest`, to nearest even; above `largest` infinite.
double RoundFloat(double value, int significand, int smallest, double largest) {
  int exponent = 0;
  std::frexp(value, &exponent);
  const int step = std::max(exponent - significand, smallest);
  const double rounded = std::ldexp(std::nearbyint(std::ldexp(value, -step)), step);
  return std::fabs(rounded) > largest ? std::copysign(std::numeric_limits<double>::infinity(), value) : rounded;
}

double RoundFloating(double value, Dtype dtype) {
  switch (dtype) {
    case Dtype::kFloat16: return RoundFloat(value, 11, -24, 65504.0);
    case Dtype::kBfloat16: return RoundFloat(value, 8, -133, 0x1.fep127);
    case Dtype::kFloat32:
      return std::fabs(value) > std::numeric_limits<float>::max()
                 ? RoundFloat(value, 24, -149, std::numeric_limits<float>::max())
                 : static_cast<double>(static_cast<float>(value));
    default: return value;
  }
}

std::uint64_t SignedKey(std::int64_t value, Dtype dtype) {
  const IntegerRange range = RangeOf(dtype);
  const std::int64_t high = static_cast<std::int64_t>(range.high);
  const std::int64_t clamped = value < range.low ? range.low : (value > high ? high : value);
  return static_cast<std::uint64_t>(clamped) ^ kSignBit;
}

std::uint64_t UnsignedKey(std::uint64_t value, Dtype dtype) {
  const std::uint64_t high = RangeOf(dtype).high;
  return value > high ? high : value;
}

std::int64_t ToSigned(double value) {
  const double rounded = std::nearbyint(value);
  if (rounded >= 0x1p63) return std::numeric_limits<std::int64_t>::max();
  if (rounded <= -0x1p63) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(rounded);
}

std::uint64_t ToUnsigned(double value) {
  const double rounded = std::nearbyint(value);
  if (!(rounded > 0)) return 0;
  return rounded >= 0x1p64 ? std::numeric_limits<std::uint64_t>::max() : static_cast<std::uint64_t>(rounded);
}

constexpr KeyOf Missing() { return {KeyOf::Outcome::kMissing, 0}; }
constexpr KeyOf Unreadable() { return {KeyOf::Outcome::kUnreadable, 0}; }
constexpr KeyOf Found(std::uint64_t key) { return {KeyOf::Outcome::kKey, key}; }

KeyOf KeyOfDouble(double value, Dtype dtype) {
  if (!std::isfinite(value)) return Missing();
  if (dtype == Dtype::kBool) return Found(value != 0 ? 1 : 0);
  switch (KeyKindOf(dtype)) {
    case KeyKind::kSigned: return Found(SignedKey(ToSigned(value), dtype));
    case KeyKind::kUnsigned: return Found(UnsignedKey(ToUnsigned(value), dtype));
    case KeyKind::kFloating: break;
  }
  const double rounded = RoundFloating(value, dtype);
  return std::isfinite(rounded) ? Found(FloatingKey(rounded)) : Missing();
}

KeyOf KeyOfSigned(std::int64_t value, Dtype dtype) {
  if (dtype == Dtype::kBool) return Found(value != 0 ? 1 : 0);
  switch (KeyKindOf(dtype)) {
    case KeyKind::kSigned: return Found(SignedKey(value, dtype));
    case KeyKind::kUnsigned: return Found(value < 0 ? 0 : UnsignedKey(static_cast<std::uint64_t>(value), dtype));
    case KeyKind::kFloating: break;
  }
  return KeyOfDouble(static_cast<double>(value), dtype);
}

KeyOf KeyOfUnsigned(std::uint64_t value, Dtype dtype) {
  if (dtype == Dtype::kBool) return Found(value != 0 ? 1 : 0);
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  switch (KeyKindOf(dtype)) {
    case KeyKind::kSigned: return Found(SignedKey(static_cast<std::int64_t>(value > kMax ? kMax : value), dtype));
    case KeyKind::kUnsigned: return Found(UnsignedKey(value, dtype));
    case KeyKind::kFloating: break;
  }
  return KeyOfDouble(static_cast<double>(value), dtype);
}

template <typename T>
std::string Shortest(T value) {
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return std::string(buffer.data(), end);
}

template <typename T>
std::optional<T> Read(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string_view Name(Dtype dtype) { return kNames[static_cast<std::size_t>(dtype)]; }

std::optional<Dtype> DtypeFromName(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Dtype>(i);
  }
  return std::nullopt;
}

KeyKind KeyKindOf(Dtype dtype) {
  switch (dtype) {
    case Dtype::kInt8: case Dtype::kInt16: case Dtype::kInt32: case Dtype::kInt64: return KeyKind::kSigned;
    case Dtype::kBool: case Dtype::kUint8: case Dtype::kUint16: case Dtype::kUint32: case Dtype::kUint64:
      return KeyKind::kUnsigned;
    default: return KeyKind::kFloating;
  }
}

KeyOf ToKey(const Value& value, Dtype dtype) {
  if (value.missing()) return Missing();
  if (dtype == Dtype::kText) return Unreadable();
  switch (value.type()) {
    case Value::Type::kDouble: return KeyOfDouble(value.as_double(), dtype);
    case Value::Type::kInt64: return KeyOfSigned(value.as_int64(), dtype);
    case Value::Type::kUint64: return KeyOfUnsigned(value.as_uint64(), dtype);
    case Value::Type::kBool: return KeyOfUnsigned(value.as_bool() ? 1 : 0, dtype);
    default: return Unreadable();
  }
}

KeyReader::KeyReader(Dtype dtype) : dtype_(dtype), single_(dtype == Dtype::kFloat32), largest_(-1) {
  if (dtype == Dtype::kFloat32) largest_ = std::numeric_limits<float>::max();
  if (dtype == Dtype::kFloat64) largest_ = std::numeric_limits<double>::max();
}

// A float widened to double ends in 29 zeros; in the key of a negative one they are ones.
int LowestKeyBit(Dtype dtype) { return dtype == Dtype::kFloat32 ? 29 : 0; }

double RoundTo(double value, Dtype dtype) {
  const KeyOf key = KeyOfDouble(value, dtype);
  return key.outcome == KeyOf::Outcome::kKey ? KeyToDouble(key.key, KeyKindOf(dtype))
                                             : std::numeric_limits<double>::quiet_NaN();
}

double KeyToDouble(std::uint64_t key, KeyKind kind) {
  switch (kind) {
    case KeyKind::kSigned: return static_cast<double>(static_cast<std::int64_t>(key ^ kSignBit));
    case KeyKind::kUnsigned: return static_cast<double>(key);
    case KeyKind::kFloating: break;
  }
  return FloatingOfKey(key);
}

std::string KeyToText(std::uint64_t key, Dtype dtype) {
  if (dtype == Dtype::kBool) return key != 0 ? "true" : "false";
  switch (KeyKindOf(dtype)) {
    case KeyKind::kSigned: return Shortest(static_cast<std::int64_t>(key ^ kSignBit));
    case KeyKind::kUnsigned: return Shortest(key);
    case KeyKind::kFloating: break;
  }
  const double value = FloatingOfKey(key);
  const bool single = dtype != Dtype::kFloat64 && static_cast<double>(static_cast<float>(value)) == value;
  return single ? Shortest(static_cast<float>(value)) : Shortest(value);
}

std::optional<std::uint64_t> KeyFromText(std::string_view text, Dtype dtype) {
  std::optional<Value> value;
  if (dtype == Dtype::kBool) {
    if (text == "true" || text == "false") value = Value::Bool(text == "true");
  } else if (KeyKindOf(dtype) == KeyKind::kSigned) {
    if (const auto read = Read<std::int64_t>(text)) value = Value::Int64(*read);
  } else if (KeyKindOf(dtype) == KeyKind::kUnsigned) {
    if (const auto read = Read<std::uint64_t>(text)) value = Value::Uint64(*read);
  } else if (dtype != Dtype::kText) {
    if (const auto read = Read<double>(text)) value = Value::Double(*read);
  }
  if (!value) return std::nullopt;
  const KeyOf key = ToKey(*value, dtype);
  if (key.outcome != KeyOf::Outcome::kKey) return std::nullopt;
  return key.key;
}

}  // namespace drift
