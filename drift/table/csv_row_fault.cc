#include "drift/table/csv_row_fault.h"

#include <algorithm>
#include <cstdio>

#include "drift/profile/text.h"

namespace drift {

std::string CsvRowFault(const std::string& message) {
  const size_t start = message.find("Row #");
  if (start == message.npos) return "";
  long long row = 0;
  int expected = 0, got = 0, end = 0;
  const char* form = "Row #%lld: Expected %d columns, got %d%n";
  if (std::sscanf(message.c_str() + start, form, &row, &expected, &got, &end) != 3) return "";
  const std::string text = message.substr(start + static_cast<size_t>(end));
  const bool open_quote = std::count(text.begin(), text.end(), '"') % 2 == 1;
  return Concat("row ", row - 1, ": expected ", expected, " fields, as the header has, got ", got, text,
                open_quote ? "; is a quote left open?" : "");
}

}  // namespace drift
