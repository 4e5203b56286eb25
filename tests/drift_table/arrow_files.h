#pragma once

#include <string>

namespace drift {

/// A file of three rows, the middle one null, with a column of each of double, float, int8, uint64, bool, text,
/// dictionary, timestamp (µs), digits (texts that are numbers) and list. Parquet, or Arrow where the name ends so.
void WriteTypedRows(const std::string& path);

/// Three rows, the middle one null, of lists: `image` (2 × 3 of uint8: 0 … 5, then 6 … 11), `ragged` (float lists of
/// three elements, one of them null, and of none), `half` (fixed size 2 of float16), `words` (lists of texts), `word`
/// (texts), `mean` (double), `struct`. Parquet, or Arrow where the name ends so.
void WriteListRows(const std::string& path);

/// `rows` rows of `elements` doubles in a column `image`: row r has r, r + 1, …
void WriteWideParquet(const std::string& path, int rows, int elements);

/// Parquet with a column `x` of 0, 1, 2, … in row groups of 50 000.
void WriteCountingParquet(const std::string& path, int rows);

}  // namespace drift
