#include "drift/table/table_reader.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "drift/profile/text.h"
#include "drift/table/column_values.h"
#include "drift/table/csv_row_fault.h"
#include "drift/table/file_source.h"

namespace drift {
namespace {

/// The files of a pattern in order of name; a path without wildcards is itself, whether it is there or not.
absl::Status AddFiles(const std::string& pattern, std::vector<std::string>& files) {
  if (pattern.find_first_of("*?[") == std::string::npos) {
    files.push_back(pattern);
    return absl::OkStatus();
  }
  glob_t found = {};
  const int result = glob(pattern.c_str(), GLOB_ERR, nullptr, &found);
  for (size_t i = 0; result == 0 && i < found.gl_pathc; ++i) files.emplace_back(found.gl_pathv[i]);
  globfree(&found);
  if (result == 0) return absl::OkStatus();
  return absl::NotFoundError(Concat("no file matches '", pattern, "'"));
}

uint64_t BytesOf(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && status.st_size > 0 ? static_cast<uint64_t>(status.st_size) : 1;
}

}  // namespace

struct TableReader::OpenFile {
  FileSource source;
  uint64_t rows = 0;
  std::shared_ptr<arrow::RecordBatch> batch;  // holds the texts of the batch that was handed out
};

TableReader::TableReader() = default;
TableReader::~TableReader() = default;

absl::StatusOr<std::unique_ptr<TableReader>> TableReader::Open(const std::vector<std::string>& patterns,
                                                               std::vector<ColumnRequest> columns) {
  std::unique_ptr<TableReader> reader(new TableReader());
  for (const std::string& pattern : patterns) {
    if (const absl::Status status = AddFiles(pattern, reader->files_); !status.ok()) return status;
  }
  if (reader->files_.empty()) return absl::InvalidArgumentError("expected at least one file of rows, got none");
  reader->columns_ = std::move(columns);
  reader->batch_.columns.resize(reader->columns_.size());
  reader->batch_.lists.resize(reader->columns_.size());
  reader->as_number_.resize(reader->columns_.size());
  for (const std::string& file : reader->files_) {
    reader->file_bytes_.push_back(BytesOf(file));
    if (const absl::Status status = reader->OpenNext(); !status.ok()) return status;
    if (reader->next_file_ > 1) continue;
    reader->column_names_ = reader->open_->source.column_names;
    while (reader->stored_types_.size() < reader->columns_.size()) {
      const std::string& name = reader->open_->source.columns[reader->stored_types_.size()];
      const auto field = reader->open_->source.reader->schema()->GetFieldByName(name);
      const bool typed = field != nullptr && !reader->open_->source.is_csv;
      reader->stored_types_.push_back(typed ? StoredType(*field->type()) : std::nullopt);
    }
  }
  reader->next_file_ = 0;
  reader->open_.reset();
  return reader;
}

absl::StatusOr<std::vector<StoredColumn>> TableReader::Columns(const std::vector<std::string>& patterns) {
  std::vector<std::string> files;
  for (const std::string& pattern : patterns) {
    if (const absl::Status status = AddFiles(pattern, files); !status.ok()) return status;
  }
  if (files.empty()) return absl::InvalidArgumentError("expected at least one file of rows, got none");
  return StoredColumns(files.front());
}

absl::Status TableReader::OpenNext() {
  auto source = OpenSource(files_[next_file_], columns_);
  if (!source.ok()) return source.status();
  ++next_file_;
  open_ = std::make_unique<OpenFile>();
  open_->source = *std::move(source);
  return absl::OkStatus();
}

absl::StatusOr<TableBatch*> TableReader::Next() {
  while (true) {
    if (open_ == nullptr) {
      if (next_file_ == files_.size()) return nullptr;
      if (const absl::Status status = OpenNext(); !status.ok()) return status;
    }
    const std::string& file = files_[next_file_ - 1];
    try {
      const arrow::Status status = open_->source.reader->ReadNext(&open_->batch);
      if (!status.ok()) {
        const std::string row = open_->source.is_csv ? CsvRowFault(status.message()) : "";
        return absl::InvalidArgumentError(
            Concat(file, ": ", row.empty() ? Concat("after row ", open_->rows, ": ", status.message()) : row));
      }
    } catch (const std::exception& error) {  // Parquet's own readers throw on some damage
      return absl::InvalidArgumentError(Concat(file, ": after row ", open_->rows, ": ", error.what()));
    }
    if (open_->batch == nullptr) {
      open_.reset();
      continue;
    }
    if (open_->batch->num_rows() == 0) continue;
    if (const absl::Status status = TakeBatch(file); !status.ok()) return status;
    return &batch_;
  }
}

absl::Status TableReader::TakeBatch(const std::string& file) {
  const arrow::RecordBatch& rows = *open_->batch;
  batch_.file = file;
  batch_.first_row = static_cast<int64_t>(open_->rows) + 1;
  batch_.rows = static_cast<size_t>(rows.num_rows());
  batch_.names = open_->source.columns;
  if (open_->source.is_csv && !inferred_) {
    for (size_t i = 0; i < columns_.size(); ++i) as_number_[i] = AllNumbers(*rows.GetColumnByName(batch_.names[i]));
    inferred_ = true;
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    const auto fault = TakeColumn(i);
    if (!fault) continue;
    const bool guessed = columns_[i].type == ColumnType::kAsStored && as_number_[i];
    return absl::InvalidArgumentError(
        Concat(file, ": column '", batch_.names[i], "', row ", batch_.first_row + fault->index, ": ", fault->what,
               guessed ? " where all before were numbers: state the feature's type in monitor.yaml" : ""));
  }
  open_->rows += batch_.rows;
  rows_read_ += batch_.rows;
  return absl::OkStatus();
}

std::optional<ValueFault> TableReader::TakeColumn(size_t column) {
  const ColumnRequest& request = columns_[column];
  const auto array = open_->batch->GetColumnByName(batch_.names[column]);
  batch_.lists[column].reset();
  const bool whole_rows = request.type == ColumnType::kRow || request.type == ColumnType::kTextRow;
  if (!whole_rows) {
    const bool guessed = request.type == ColumnType::kAsStored && as_number_[column];
    return ReadValues(*array, guessed ? ColumnType::kNumber : request.type, batch_.columns[column]);
  }
  if (batch_.names[column] != request.tensor && !ListColumn::IsList(*array->type())) {
    return ReadValues(*array, ColumnType::kNumber, batch_.columns[column]);
  }
  batch_.columns[column].clear();
  auto lists = ListColumn::Make(array, request.type == ColumnType::kTextRow);
  if (!lists.ok()) return ValueFault{0, std::string(lists.status().message())};
  batch_.lists[column] = *std::move(lists);
  return std::nullopt;
}

double TableReader::progress() const {
  double done = 0, total = 0;
  for (size_t i = 0; i < files_.size(); ++i) {
    const double bytes = static_cast<double>(file_bytes_[i]);
    total += bytes;
    if (i + 1 < next_file_ || (i + 1 == next_file_ && open_ == nullptr)) done += bytes;
    if (i + 1 == next_file_ && open_ != nullptr) done += bytes * std::min(1.0, open_->source.progress(open_->rows));
  }
  return total > 0 ? done / total : 1;
}

}  // namespace drift
