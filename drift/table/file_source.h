#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace arrow {
class RecordBatchReader;
}

namespace drift {

struct StoredColumn;

/// One open file of rows.
struct FileSource {
  bool is_csv = false;
  std::vector<std::string> column_names;               // every column of the file
  std::shared_ptr<arrow::RecordBatchReader> reader;    // only the wanted columns, in any order
  std::function<double(uint64_t rows_read)> progress;  // 0 to 1
};

/// Opens `path` for `columns`. CSV columns come as nullable bytes, not converted: numbers are read by us, so that an
/// error can name row and value. NOT_FOUND without the file; INVALID_ARGUMENT where it is no table, or lacks a column
/// (it names those that are there).
absl::StatusOr<FileSource> OpenSource(const std::string& path, const std::vector<std::string>& columns);

/// Every column of a file. Errors as above.
absl::StatusOr<std::vector<StoredColumn>> StoredColumns(const std::string& path);

}  // namespace drift
