#ifndef DRIFT_VALUE_H_
#define DRIFT_VALUE_H_

#include <cstdint>
#include <string_view>

namespace drift {

// One observed value of one feature of one row, as the served tensor or the training file holds it.
// A small value type; text is a view of raw bytes that must outlive the Value. Thread-compatible.
class Value {
 public:
  enum class Type : std::uint8_t { kMissing, kDouble, kInt64, kUint64, kText, kBool };

  // Missing. NaN and infinities become missing too, but only in the window and the builder, so that a record
  // can still show what came.
  constexpr Value() : type_(Type::kMissing), int64_(0) {}

  static constexpr Value Missing() { return Value(); }
  static constexpr Value Double(double value) { Value v(Type::kDouble); v.double_ = value; return v; }
  static constexpr Value Int64(std::int64_t value) { Value v(Type::kInt64); v.int64_ = value; return v; }
  static constexpr Value Uint64(std::uint64_t value) { Value v(Type::kUint64); v.uint64_ = value; return v; }
  static constexpr Value Text(std::string_view bytes) { Value v(Type::kText); v.text_ = bytes; return v; }
  static constexpr Value Bool(bool value) { Value v(Type::kBool); v.bool_ = value; return v; }

  constexpr Type type() const { return type_; }
  constexpr bool missing() const { return type_ == Type::kMissing; }

  // REQUIRES: type() is the one named.
  constexpr double as_double() const { return double_; }
  constexpr std::int64_t as_int64() const { return int64_; }
  constexpr std::uint64_t as_uint64() const { return uint64_; }
  constexpr std::string_view as_text() const { return text_; }
  constexpr bool as_bool() const { return bool_; }

 private:
  constexpr explicit Value(Type type) : type_(type), int64_(0) {}

  Type type_;
  union {
    double double_;
    std::int64_t int64_;
    std::uint64_t uint64_;
    std::string_view text_;
    bool bool_;
  };
};

}  // namespace drift

#endif  // DRIFT_VALUE_H_
