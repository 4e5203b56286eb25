#include "drift/table/stratum_text.h"

#include "drift/dtype.h"

namespace drift {
namespace {

Dtype TypeOf(const Value& value) {
  switch (value.type()) {
    case Value::Type::kDouble:
      return Dtype::kFloat64;
    case Value::Type::kUint64:
      return Dtype::kUint64;
    case Value::Type::kBool:
      return Dtype::kBool;
    default:
      return Dtype::kInt64;
  }
}

}  // namespace

std::string StratumText(const Value& value) {
  if (value.type() == Value::Type::kText) return std::string(value.as_text());
  const Dtype dtype = TypeOf(value);
  const KeyOf key = ToKey(value, dtype);
  return key.outcome == KeyOf::Outcome::kKey ? KeyToText(key.key, dtype) : "default";
}

}  // namespace drift
