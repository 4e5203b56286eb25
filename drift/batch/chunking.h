#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace drift {

/// How a history is cut: minutes, hours, days and weeks of UTC, or calendar months. Value type.
class Chunking {
 public:
  /// "30min", "6h", "1d", "2w", "1mo", "3mo". Weeks begin on Monday, months on the first, everything at midnight UTC.
  /// INVALID_ARGUMENT says what there is.
  static absl::StatusOr<Chunking> Parse(std::string_view text);

  /// When the chunk of a time begins, and when the one after it does; Unix nanoseconds.
  int64_t StartOf(int64_t time_ns) const;
  int64_t EndOf(int64_t start_ns) const;

  /// "2013-07-01", with the time of day where chunks are shorter than a day.
  std::string Label(int64_t start_ns) const;
  const std::string& text() const { return text_; }

 private:
  Chunking(std::string text, int64_t length_ns, int months)
      : text_(std::move(text)), length_ns_(length_ns), months_(months) {}

  std::string text_;
  int64_t length_ns_;  // 0: whole months
  int months_;
};

}  // namespace drift
