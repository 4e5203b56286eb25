#ifndef DRIFT_ERROR_H_
#define DRIFT_ERROR_H_

#include <string>
#include <utility>
#include <variant>

namespace drift {

// Why something could not be done: names the field, what was expected and what came.
struct Error {
  std::string message;
};

// A value or an Error. The pure library throws nothing and knows no absl::StatusOr.
template <typename T>
class Result {
 public:
  Result(T value) : content_(std::move(value)) {}      // NOLINT: implicit on purpose, as in `return value;`
  Result(Error error) : content_(std::move(error)) {}  // NOLINT

  bool ok() const { return content_.index() == 0; }

  // REQUIRES: ok().
  const T& value() const { return *std::get_if<T>(&content_); }
  T& value() { return *std::get_if<T>(&content_); }

  // REQUIRES: !ok().
  const Error& error() const { return *std::get_if<Error>(&content_); }

 private:
  std::variant<T, Error> content_;
};

}  // namespace drift

#endif  // DRIFT_ERROR_H_
