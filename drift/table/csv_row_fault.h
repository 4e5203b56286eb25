#pragma once

#include <string>

namespace drift {

/// Arrow's message of a row with too many or too few fields, in our words, and with the row counted as everywhere else:
/// without the header. Empty where the message is of something else.
std::string CsvRowFault(const std::string& message);

}  // namespace drift
