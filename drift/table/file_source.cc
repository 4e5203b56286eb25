#include "drift/table/file_source.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

#include <arrow/csv/api.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include "drift/profile/text.h"
#include "drift/table/column_values.h"
#include "drift/table/csv_row_fault.h"
#include "drift/table/nearest_name.h"
#include "drift/table/table_reader.h"

namespace drift {
namespace {

constexpr int64_t kBatchRows = 8'192;  // ten columns of values fit the second cache
constexpr int64_t kBatchElements = int64_t{4} << 20;  // of Parquet's lists: fewer rows at once where they are wide
constexpr int64_t kPageBufferBytes = int64_t{1} << 20;
constexpr size_t kShownColumns = 40;

absl::Status Fault(const std::string& path, std::string_view what) {
  return absl::InvalidArgumentError(Concat(path, ": ", what));
}

/// The file's column for each request, among those that are `there`.
absl::StatusOr<std::vector<std::string>> FindColumns(const std::string& path, const std::vector<std::string>& there,
                                                     const std::vector<ColumnRequest>& requests) {
  std::vector<std::string> found, missing;
  for (const ColumnRequest& request : requests) {
    const bool own = request.tensor.empty() || std::find(there.begin(), there.end(), request.name) != there.end();
    const std::string& name = own ? request.name : request.tensor;
    const auto count = std::count(there.begin(), there.end(), name);
    if (count > 1) return Fault(path, Concat("column '", name, "' is there ", count, " times, expected once"));
    if (count == 0) missing.push_back(own ? name : Concat(request.name, " or ", request.tensor));
    found.push_back(name);
  }
  if (missing.empty()) return found;
  std::vector<std::string> shown(there.begin(), there.begin() + std::min(there.size(), kShownColumns));
  if (shown.size() < there.size()) shown.push_back("…");
  std::string renamed;
  for (const std::string& name : missing) {
    const std::string nearest = NearestName(name, there);
    if (!nearest.empty()) renamed += Concat("; is '", name, "' now called '", nearest, "'?");
  }
  return Fault(path, Concat("expected column ", JoinNames(missing), "; the file has ", JoinNames(shown), renamed));
}

/// What is wrong with a CSV file as a whole, or with the row that Arrow names.
absl::Status CsvFault(const std::string& path, const arrow::Status& status) {
  const std::string row = CsvRowFault(status.message());
  return Fault(path, row.empty() ? Concat("not a CSV file: ", status.message()) : row);
}

/// Each name once: many reductions read one column.
std::vector<std::string> Distinct(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

absl::Status CheckCsvRows(const std::string& path, const std::vector<std::string>& columns,
                          const std::vector<ColumnRequest>& requests) {
  for (size_t i = 0; i < requests.size(); ++i) {
    if (requests[i].type != ColumnType::kRow || columns[i] != requests[i].tensor) continue;
    const std::string reduced =
        requests[i].name == columns[i] ? "" : Concat(", or give column '", requests[i].name, "' of reduced numbers");
    return Fault(path, Concat("column '", columns[i], "': expected lists of numbers, which feature '", requests[i].name,
                              "' reduces; CSV cannot hold them: use Parquet or Arrow", reduced));
  }
  return absl::OkStatus();
}

absl::StatusOr<FileSource> OpenCsv(const std::string& path, std::shared_ptr<arrow::io::ReadableFile> file,
                                   const std::vector<ColumnRequest>& requests) {
  auto read = arrow::csv::ReadOptions::Defaults();
  read.use_threads = false;
  auto parse = arrow::csv::ParseOptions::Defaults();
  if (path.ends_with(".tsv")) parse.delimiter = '\t';
  auto convert = arrow::csv::ConvertOptions::Defaults();
  convert.null_values = {"", "NA", "NaN", "nan", "null"};
  convert.strings_can_be_null = true;
  convert.quoted_strings_can_be_null = false;
  convert.default_column_type = arrow::binary();
  convert.check_utf8 = false;
  const auto open = [&] {
    return arrow::csv::StreamingReader::Make(arrow::io::default_io_context(), file, read, parse, convert);
  };
  FileSource source;
  source.is_csv = true;
  // Once for the names, so that a column that is not there is answered with those that are; once for the rows.
  auto header = open();
  if (!header.ok()) return CsvFault(path, header.status());
  source.column_names = (*header)->schema()->field_names();
  auto columns = FindColumns(path, source.column_names, requests);
  if (!columns.ok()) return columns.status();
  source.columns = *std::move(columns);
  if (const absl::Status status = CheckCsvRows(path, source.columns, requests); !status.ok()) return status;
  auto reopened = arrow::io::ReadableFile::Open(path);
  if (!reopened.ok()) return Fault(path, reopened.status().message());
  file = *reopened;
  convert.include_columns = Distinct(source.columns);
  auto rows = open();
  if (!rows.ok()) return CsvFault(path, rows.status());
  const double bytes = static_cast<double>(file->GetSize().ValueOr(1));
  source.reader = *rows;
  source.progress = [reader = *rows, bytes](uint64_t) { return static_cast<double>(reader->bytes_read()) / bytes; };
  return source;
}

/// The leaves below the column, of which lists have one, and how many elements it has per row.
struct ParquetColumn {
  std::vector<int> leaves;
  int64_t elements_per_row = 0;
};

ParquetColumn FindParquetColumn(const parquet::FileMetaData& metadata, const std::string& name) {
  ParquetColumn column;
  for (int leaf = 0; leaf < metadata.num_columns(); ++leaf) {
    if (metadata.schema()->GetColumnRoot(leaf)->name() != name) continue;
    column.leaves.push_back(leaf);
    int64_t elements = 0;
    for (int group = 0; group < metadata.num_row_groups(); ++group) {
      elements += metadata.RowGroup(group)->ColumnChunk(leaf)->num_values();
    }
    column.elements_per_row += elements / std::max<int64_t>(1, metadata.num_rows());
  }
  return column;
}

/// The leaves of all requests, and how many rows are read at once.
struct ParquetPlan {
  std::vector<int> leaves;
  int64_t batch_rows = kBatchRows;
};

absl::StatusOr<ParquetPlan> PlanParquet(const std::string& path, const parquet::FileMetaData& metadata,
                                        const std::vector<std::string>& columns,
                                        const std::vector<ColumnRequest>& requests) {
  ParquetPlan plan;
  int64_t elements_per_row = 1;
  for (const std::string& name : Distinct(columns)) {
    const ParquetColumn column = FindParquetColumn(metadata, name);
    const size_t request = static_cast<size_t>(std::find(columns.begin(), columns.end(), name) - columns.begin());
    if (requests[request].tensor.empty() && metadata.schema()->ColumnIndex(name) < 0) {
      return Fault(path, Concat("column '", name, "': expected numbers or texts, got nested values"));
    }
    plan.leaves.insert(plan.leaves.end(), column.leaves.begin(), column.leaves.end());
    elements_per_row += column.elements_per_row;
  }
  plan.batch_rows = std::clamp<int64_t>(kBatchElements / elements_per_row, 1, kBatchRows);
  return plan;
}

absl::StatusOr<FileSource> OpenParquet(const std::string& path, std::shared_ptr<arrow::io::ReadableFile> file,
                                       const std::vector<ColumnRequest>& requests) {
  parquet::arrow::FileReaderBuilder builder;
  auto properties = parquet::default_arrow_reader_properties();
  properties.set_use_threads(false);
  properties.set_pre_buffer(false);  // it would hold the whole file
  parquet::ReaderProperties pages;
  pages.set_page_checksum_verification(true);  // of pages that have one
  pages.enable_buffered_stream();              // page by page: a row group may be larger than memory
  pages.set_buffer_size(kPageBufferBytes);
  const arrow::Status opened = builder.Open(file, pages);
  if (!opened.ok()) return Fault(path, Concat("not a whole Parquet file: ", opened.message()));
  auto built = builder.properties(properties)->Build();
  if (!built.ok()) return Fault(path, Concat("not a Parquet file: ", built.status().message()));
  const std::shared_ptr<parquet::arrow::FileReader> reader = std::move(*built);
  std::shared_ptr<arrow::Schema> schema;
  if (const arrow::Status status = reader->GetSchema(&schema); !status.ok()) return Fault(path, status.message());
  FileSource source;
  source.column_names = schema->field_names();
  auto columns = FindColumns(path, source.column_names, requests);
  if (!columns.ok()) return columns.status();
  source.columns = *std::move(columns);
  const auto metadata = reader->parquet_reader()->metadata();
  const auto plan = PlanParquet(path, *metadata, source.columns, requests);
  if (!plan.ok()) return plan.status();
  reader->set_batch_size(plan->batch_rows);
  std::vector<int> groups;
  for (int group = 0; group < metadata->num_row_groups(); ++group) groups.push_back(group);
  auto rows = reader->GetRecordBatchReader(groups, plan->leaves);
  if (!rows.ok()) return Fault(path, rows.status().message());
  // The rows need the file reader, which they do not own: both live, and end, together.
  const auto held = std::make_shared<
      std::pair<std::shared_ptr<parquet::arrow::FileReader>, std::unique_ptr<arrow::RecordBatchReader>>>(
      reader, std::move(*rows));
  source.reader = std::shared_ptr<arrow::RecordBatchReader>(held, held->second.get());
  const double total = std::max(1.0, static_cast<double>(metadata->num_rows()));
  source.progress = [total](uint64_t rows_read) { return static_cast<double>(rows_read) / total; };
  return source;
}

/// The batches of an Arrow file, which are read by number, as a stream.
class ArrowFileRows : public arrow::RecordBatchReader {
 public:
  explicit ArrowFileRows(std::shared_ptr<arrow::ipc::RecordBatchFileReader> file) : file_(std::move(file)) {}
  std::shared_ptr<arrow::Schema> schema() const override { return file_->schema(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (next_ >= file_->num_record_batches()) return arrow::Status::OK();
    return file_->ReadRecordBatch(next_++).Value(batch);
  }
  double progress() const { return static_cast<double>(next_) / std::max(1, file_->num_record_batches()); }

 private:
  const std::shared_ptr<arrow::ipc::RecordBatchFileReader> file_;
  int next_ = 0;
};

absl::StatusOr<FileSource> OpenArrow(const std::string& path, std::shared_ptr<arrow::io::ReadableFile> file,
                                     const std::vector<ColumnRequest>& requests) {
  auto opened = arrow::ipc::RecordBatchFileReader::Open(file);
  if (!opened.ok()) return Fault(path, Concat("not a whole Arrow file: ", opened.status().message()));
  FileSource source;
  source.column_names = (*opened)->schema()->field_names();
  auto columns = FindColumns(path, source.column_names, requests);
  if (!columns.ok()) return columns.status();
  source.columns = *std::move(columns);
  const auto rows = std::make_shared<ArrowFileRows>(*opened);
  source.reader = rows;
  source.progress = [rows](uint64_t) { return rows->progress(); };
  return source;
}

/// Names and types, without a row read.
absl::StatusOr<std::shared_ptr<arrow::Schema>> TypedSchema(const std::string& path, bool parquet,
                                                           const std::shared_ptr<arrow::io::ReadableFile>& file) {
  if (!parquet) {
    auto opened = arrow::ipc::RecordBatchFileReader::Open(file);
    if (!opened.ok()) return Fault(path, Concat("not a whole Arrow file: ", opened.status().message()));
    return (*opened)->schema();
  }
  parquet::arrow::FileReaderBuilder builder;
  const arrow::Status opened = builder.Open(file);
  if (!opened.ok()) return Fault(path, Concat("not a whole Parquet file: ", opened.message()));
  auto reader = builder.Build();
  if (!reader.ok()) return Fault(path, Concat("not a Parquet file: ", reader.status().message()));
  std::shared_ptr<arrow::Schema> schema;
  if (const arrow::Status status = (*reader)->GetSchema(&schema); !status.ok()) return Fault(path, status.message());
  return schema;
}

enum class Format { kCsv, kParquet, kArrow };

/// By the file's first bytes; nothing where its name promises another format than they show.
absl::StatusOr<Format> FormatOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char start[6] = {};
  file.read(start, sizeof(start));
  const std::string_view bytes(start, static_cast<size_t>(file.gcount()));
  if (bytes.empty()) return Fault(path, "expected rows, got an empty file");
  if (bytes.starts_with("PAR1")) return Format::kParquet;
  if (bytes == "ARROW1") return Format::kArrow;
  for (const char* suffix : {".parquet", ".pq", ".arrow", ".feather", ".ipc"}) {
    if (path.ends_with(suffix)) return Fault(path, Concat("expected a ", suffix + 1, " file, got other content"));
  }
  if (bytes.starts_with("\x1f\x8b") || bytes.starts_with("PK\x03\x04")) {
    return Fault(path, "expected CSV, Parquet or Arrow, got a compressed file: unpack it first");
  }
  return Format::kCsv;
}

}  // namespace

absl::StatusOr<FileSource> OpenSource(const std::string& path, const std::vector<ColumnRequest>& requests) {
  try {
    if (access(path.c_str(), R_OK) != 0) {
      return absl::NotFoundError(Concat(path, ": cannot open: ", std::strerror(errno)));
    }
    auto file = arrow::io::ReadableFile::Open(path);
    if (!file.ok()) {
      const std::string message = Concat(path, ": cannot open: ", file.status().message());
      return file.status().IsIOError() ? absl::NotFoundError(message) : absl::InvalidArgumentError(message);
    }
    const auto format = FormatOf(path);
    if (!format.ok()) return format.status();
    if (*format == Format::kParquet) return OpenParquet(path, *file, requests);
    return *format == Format::kArrow ? OpenArrow(path, *file, requests) : OpenCsv(path, *file, requests);
  } catch (const std::exception& error) {  // Parquet's own readers throw on some damage
    return Fault(path, Concat("cannot be read: ", error.what()));
  }
}

absl::StatusOr<std::vector<StoredColumn>> StoredColumns(const std::string& path) {
  try {
    std::vector<StoredColumn> columns;
    const auto format = FormatOf(path);
    if (!format.ok() || *format == Format::kCsv) {
      const auto source = OpenSource(path, {});
      if (!source.ok()) return source.status();
      for (const std::string& name : source->column_names) columns.push_back({name, std::nullopt, false});
      return columns;
    }
    auto file = arrow::io::ReadableFile::Open(path);
    if (!file.ok()) return Fault(path, Concat("cannot open: ", file.status().message()));
    const auto schema = TypedSchema(path, *format == Format::kParquet, *file);
    if (!schema.ok()) return schema.status();
    for (const auto& field : (*schema)->fields()) {
      columns.push_back({field->name(), StoredType(*field->type()), IsTime(*field->type())});
    }
    return columns;
  } catch (const std::exception& error) {
    return Fault(path, Concat("cannot be read: ", error.what()));
  }
}

}  // namespace drift
