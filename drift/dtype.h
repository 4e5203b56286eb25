#ifndef DRIFT_DTYPE_H_
#define DRIFT_DTYPE_H_

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "drift/value.h"

namespace drift {

// The type of the served tensor. Reference and traffic are both rounded to it before anything is counted: a
// reference in double against traffic in float32 would move D from 0.011 to 0.250 on identical data.
enum class Dtype : std::uint8_t {
  kBool, kUint8, kUint16, kUint32, kUint64, kInt8, kInt16, kInt32, kInt64,
  kFloat16, kBfloat16, kFloat32, kFloat64, kText,
};

// "FP32", "INT64", "BYTES", …: the Open Inference Protocol's names.
std::string_view Name(Dtype dtype);
std::optional<Dtype> DtypeFromName(std::string_view name);

// How a numeric value is turned into an unsigned key whose order is the values' order. One search and one exact
// comparison then serve every type: 2^53 and 2^53 + 1 stay apart as int64, and the key below a value is the
// right-closed edge of the gap below it.
enum class KeyKind : std::uint8_t { kFloating, kSigned, kUnsigned };
KeyKind KeyKindOf(Dtype dtype);

// The key of a finite floating number; −0.0 has +0.0's.
inline std::uint64_t FloatingKey(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);  // −0.0 + 0.0 is +0.0
  const std::uint64_t negative = -(bits >> 63);
  return bits ^ (negative | std::uint64_t{1} << 63);  // all bits turned where negative, else the sign alone
}

// The inverse.
inline double FloatingOfKey(std::uint64_t key) {
  const std::uint64_t positive = -(key >> 63);  // all bits where positive
  return std::bit_cast<double>(key ^ (~positive | std::uint64_t{1} << 63));
}

// The key of `value` rounded to `dtype` (round to nearest even; −0.0 becomes +0.0; integers saturate).
//   kKey:        `key` is set.
//   kMissing:    null, NaN, ±Inf, or a finite value that the dtype can only hold as an infinity.
//   kUnreadable: text or nothing sensible for this dtype; bad input, not missing.
struct KeyOf {
  enum class Outcome : std::uint8_t { kKey, kMissing, kUnreadable } outcome;
  std::uint64_t key;
};
KeyOf ToKey(const Value& value, Dtype dtype);

// ToKey() of one dtype, without a call for what nearly every value is: a number that FP32 or FP64 can hold.
class KeyReader {
 public:
  explicit KeyReader(Dtype dtype);

  bool IsPlain(const Value& value) const {
    return value.type() == Value::Type::kDouble && std::fabs(value.as_double()) <= largest_;
  }
  // REQUIRES: IsPlain(value).
  double Round(const Value& value) const {
    return single_ ? static_cast<double>(static_cast<float>(value.as_double())) : value.as_double();
  }
  KeyOf Read(const Value& value) const {
    return IsPlain(value) ? KeyOf{KeyOf::Outcome::kKey, FloatingKey(Round(value))} : ToKey(value, dtype_);
  }

 private:
  Dtype dtype_;
  bool single_;     // FP32
  double largest_;  // FP32 and FP64: the largest number; else -1
};

// The lowest bit of the dtype's keys that two of them can differ in without differing in a higher one.
int LowestKeyBit(Dtype dtype);

// `value` rounded to `dtype` as ToKey does; NaN where that is missing. REQUIRES: dtype is not kText.
double RoundTo(double value, Dtype dtype);

// The finite number behind a key, as a double (nearest, for integers above 2^53).
double KeyToDouble(std::uint64_t key, KeyKind kind);

// Shortest text that reads back as the same number; "false"/"true" for kBool.
std::string KeyToText(std::uint64_t key, Dtype dtype);
// The inverse; nullopt where the text is not a number of this dtype.
std::optional<std::uint64_t> KeyFromText(std::string_view text, Dtype dtype);

}  // namespace drift

#endif  // DRIFT_DTYPE_H_
