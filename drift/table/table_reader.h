#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "drift/dtype.h"
#include "drift/table/list_column.h"
#include "drift/value.h"

namespace drift {

struct ValueFault;

/// What a column's values must be.
enum class ColumnType {
  kAsStored,  // as the file has them; of a CSV file: numbers, if all the values of its first block are
  kNumber,    // numbers and booleans, and texts that are numbers
  kText,      // texts
  kTime,      // int64 nanoseconds since 1970 UTC, of dates, timestamps, ISO 8601 texts and numbers (time_values.h)
  kRow,       // the rows of a tensor, to be reduced: lists of numbers
  kTextRow,   // the same of a tensor of texts: texts, or lists of texts
};

struct ColumnRequest {
  std::string name;
  ColumnType type = ColumnType::kAsStored;
  /// kRow, kTextRow: the tensor's name. A file without column `name` may have a column of this name, whose rows are
  /// the tensor's; in a column of the former name alone single numbers are allowed too, which were reduced before.
  std::string tensor = {};
};

/// A column of a file, as it is stored.
struct StoredColumn {
  std::string name;
  std::optional<Dtype> dtype;  // nothing in CSV, which has no types, and for nested values
  bool is_time = false;        // dates, times and timestamps
};

/// A run of rows of one file. Texts and lists are views into the batch: valid until the next call of Next().
struct TableBatch {
  std::string file;
  int64_t first_row = 1;  // of these rows within the file, counted from 1 without the header
  size_t rows = 0;
  std::vector<std::string> names;                 // [request]: of the file's column
  std::vector<std::vector<Value>> columns;        // [request][row]; empty where `lists` has the rows
  std::vector<std::optional<ListColumn>> lists;   // [request]: of kRow and kTextRow, but for numbers reduced before
};

/// Reads named columns of CSV, Parquet and Arrow IPC files, one after the other, a batch of some ten thousand rows at
/// a time (fewer where rows are wide), so that a file need not fit in memory.
///
/// The kind of a file is told by its first bytes, else it is CSV (.tsv: with tabs) with a header line. Missing: nulls,
/// and in CSV an empty field, NA, NaN and null unless in quotes. CSV cannot hold lists. Single-threaded.
///
/// Errors name file, column and row: NOT_FOUND for a file or pattern without one, INVALID_ARGUMENT for content.
class TableReader {
 public:
  /// `patterns`: paths, or patterns with * ? [ ] whose files are read in order of name. Every file is opened for its
  /// columns here, so that a missing column is reported before the first row is read.
  static absl::StatusOr<std::unique_ptr<TableReader>> Open(const std::vector<std::string>& patterns,
                                                           std::vector<ColumnRequest> columns);
  ~TableReader();

  /// The columns of the first file, in its order.
  static absl::StatusOr<std::vector<StoredColumn>> Columns(const std::vector<std::string>& patterns);

  /// The next rows, at least one; nullptr after the last. After an error only destruction is allowed. The
  /// batch's vectors may be taken by swapping: they are filled anew.
  absl::StatusOr<TableBatch*> Next();

  const std::vector<std::string>& files() const { return files_; }
  /// Columns of the first file, those that were not asked for among them.
  const std::vector<std::string>& column_names() const { return column_names_; }
  /// What the first file stores in the column; of a CSV file nothing, it has no types.
  std::optional<Dtype> stored_type(size_t column) const { return stored_types_[column]; }
  /// How much of all files was read, 0 to 1, by bytes of whole files and rows within one.
  double progress() const;
  uint64_t rows_read() const { return rows_read_; }

 private:
  struct OpenFile;
  TableReader();

  absl::Status OpenNext();
  absl::Status TakeBatch(const std::string& file);
  std::optional<ValueFault> TakeColumn(size_t column);

  std::vector<std::string> files_;
  std::vector<std::string> column_names_;
  std::vector<ColumnRequest> columns_;
  std::vector<std::optional<Dtype>> stored_types_;
  std::vector<bool> as_number_;  // CSV columns that are kAsStored, once the first block was seen
  bool inferred_ = false;
  size_t next_file_ = 0;
  std::vector<uint64_t> file_bytes_;
  std::unique_ptr<OpenFile> open_;
  TableBatch batch_;
  uint64_t rows_read_ = 0;
};

}  // namespace drift
