#pragma once

#include <string>

namespace drift {

/// A file of three rows, the middle one null, with a column of each of double, float, int8, uint64, bool, text,
/// dictionary, timestamp (µs), digits (texts that are numbers) and list. Parquet, or Arrow where the name ends so.
void WriteTypedRows(const std::string& path);

/// Parquet with a column `x` of 0, 1, 2, … in row groups of 50 000.
void WriteCountingParquet(const std::string& path, int rows);

}  // namespace drift
