#ifndef DRIFT_SHARED_TEXT_H_
#define DRIFT_SHARED_TEXT_H_

#include <memory>
#include <string>
#include <utility>

namespace drift {

// A text that does not change, whose copies are one: the names that every evaluation repeats. Safe to copy from any
// thread.
class SharedText {
 public:
  SharedText() = default;
  SharedText(std::string text) : text_(std::make_shared<const std::string>(std::move(text))) {}  // NOLINT: a text
  SharedText(const char* text) : SharedText(std::string(text)) {}                                // NOLINT: a text

  const std::string& str() const {
    static const std::string kEmpty;
    return text_ ? *text_ : kEmpty;
  }

 private:
  std::shared_ptr<const std::string> text_;
};

}  // namespace drift

#endif  // DRIFT_SHARED_TEXT_H_
