// Any bytes as a file of rows: its columns are read as the types that the commands ask for, to the end or to a message
// that names the file. Twice, the second time with other types, which the size decides: damage changes that too.
#include <sys/mman.h>
#include <unistd.h>

#include <set>
#include <string>
#include <vector>

#include "drift/dtype.h"
#include "drift/table/stratum_text.h"
#include "drift/table/table_reader.h"
#include "tests/fuzz/require.h"

namespace {

using driftserve::Require;

constexpr drift::ColumnType kTypes[] = {drift::ColumnType::kAsStored, drift::ColumnType::kNumber,
                                        drift::ColumnType::kText,     drift::ColumnType::kTime,
                                        drift::ColumnType::kRow,      drift::ColumnType::kTextRow};
constexpr size_t kRounds = std::size(kTypes);

/// A file that lies in memory and has a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : file_(memfd_create("rows", 0)) {
    Require(file_ >= 0, "a file in memory");
    Require(write(file_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "room for it");
  }
  ~MemoryFile() { close(file_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  const int file_;
};

void RequireFault(const absl::Status& status, const std::string& path) {
  Require(absl::IsInvalidArgument(status), "INVALID_ARGUMENT");
  Require(status.message().substr(0, path.size() + 1) == path + ":", "a message that begins with the file");
}

/// A type for each distinct name; in every round another. Columns without a type of ours are lists: but for the first
/// round, they are only asked for as rows of a tensor.
std::vector<drift::ColumnRequest> Requests(const std::vector<drift::StoredColumn>& columns, bool is_csv, size_t round) {
  std::vector<drift::ColumnRequest> requests;
  std::set<std::string> names;
  for (const drift::StoredColumn& column : columns) {
    if (!names.insert(column.name).second) continue;
    drift::ColumnType type = kTypes[(requests.size() + round) % kRounds];
    if (!is_csv && !column.dtype && round > 0) type = kTypes[4 + round % 2];
    const bool rows = type == drift::ColumnType::kRow || type == drift::ColumnType::kTextRow;
    requests.push_back({column.name, type, rows ? column.name : ""});
  }
  return requests;
}

void UseRows(const drift::TableBatch& batch) {
  std::vector<double> elements;
  for (size_t column = 0; column < batch.columns.size(); ++column) {
    if (batch.lists[column]) {
      for (size_t row = 0; row < batch.rows; ++row) batch.lists[column]->Read(row, elements);
      continue;
    }
    Require(batch.columns[column].size() == batch.rows, "a value for each row");
    for (const drift::Value& value : batch.columns[column]) (void)drift::StratumText(value);
  }
}

/// False after a message.
bool ReadAll(const std::string& path, const std::vector<drift::ColumnRequest>& requests) {
  const auto reader = drift::TableReader::Open({path}, requests);
  if (!reader.ok()) RequireFault(reader.status(), path);
  if (!reader.ok()) return false;
  uint64_t rows = 0;
  while (true) {
    const auto batch = (*reader)->Next();
    if (!batch.ok()) RequireFault(batch.status(), path);
    if (!batch.ok()) return false;
    const double progress = (*reader)->progress();
    Require(progress >= 0 && progress <= 1, "a progress from 0 to 1");
    if (*batch == nullptr) break;
    Require((*batch)->rows > 0 && (*batch)->first_row == static_cast<int64_t>(rows) + 1, "rows in order");
    rows += (*batch)->rows;
    UseRows(**batch);
  }
  Require((*reader)->rows_read() == rows, "every row counted");
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const MemoryFile file(bytes);
  const auto columns = drift::TableReader::Columns({file.path()});
  bool read = columns.ok();
  if (!read) RequireFault(columns.status(), file.path());
  const bool is_csv = !bytes.starts_with("PAR1") && !bytes.starts_with("ARROW1");
  if (read) read = ReadAll(file.path(), Requests(*columns, is_csv, 0));
  if (columns.ok()) ReadAll(file.path(), Requests(*columns, is_csv, 1 + size % (kRounds - 1)));
  ++(read ? driftserve::inputs_read : driftserve::inputs_refused);
  return 0;
}
