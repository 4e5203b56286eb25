#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "drift/table/table_reader.h"

namespace arrow {
class RecordBatchReader;
}

namespace drift {

struct StoredColumn;

/// One open file of rows.
struct FileSource {
  bool is_csv = false;
  std::vector<std::string> column_names;               // every column of the file
  std::vector<std::string> columns;                    // per request, the file's column
  std::shared_ptr<arrow::RecordBatchReader> reader;    // at least these columns, in any order
  std::function<double(uint64_t rows_read)> progress;  // 0 to 1
};

/// Opens `path` for the requested columns. CSV columns come as nullable bytes, not converted: numbers are read by us,
/// so that an error can name row and value. NOT_FOUND without the file; INVALID_ARGUMENT where it is no table, lacks a
/// column (it names those that are there), or cannot hold what is to be read from it.
absl::StatusOr<FileSource> OpenSource(const std::string& path, const std::vector<ColumnRequest>& requests);

/// Every column of a file. Errors as above.
absl::StatusOr<std::vector<StoredColumn>> StoredColumns(const std::string& path);

}  // namespace drift
