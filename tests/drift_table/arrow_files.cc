#include "tests/drift_table/arrow_files.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>
#include <arrow/json/from_string.h>
#include <arrow/table.h>
#include <parquet/arrow/writer.h>

namespace drift {
namespace {

template <typename Builder, typename T>
std::shared_ptr<arrow::Array> Column(Builder builder, T first, T last) {
  PARQUET_THROW_NOT_OK(builder.Append(first));
  PARQUET_THROW_NOT_OK(builder.AppendNull());
  PARQUET_THROW_NOT_OK(builder.Append(last));
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Lists() {
  auto values = std::make_shared<arrow::Int32Builder>();
  arrow::ListBuilder builder(arrow::default_memory_pool(), values);
  for (int i = 0; i < 3; ++i) {
    PARQUET_THROW_NOT_OK(builder.Append());
    PARQUET_THROW_NOT_OK(values->Append(i));
  }
  return builder.Finish().ValueOrDie();
}

using Columns = std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>;

void WriteTable(const arrow::Table& table, const std::string& path, int64_t group_rows) {
  const auto file = arrow::io::FileOutputStream::Open(path).ValueOrDie();
  if (path.ends_with(".arrow")) {
    const auto writer = arrow::ipc::MakeFileWriter(file, table.schema()).ValueOrDie();
    PARQUET_THROW_NOT_OK(writer->WriteTable(table));
    PARQUET_THROW_NOT_OK(writer->Close());
  } else {
    PARQUET_THROW_NOT_OK(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), file, group_rows));
  }
  PARQUET_THROW_NOT_OK(file->Close());
}

void WriteColumns(const Columns& columns, const std::string& path) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  WriteTable(*arrow::Table::Make(arrow::schema(fields), arrays), path, 1000);
}

std::shared_ptr<arrow::Array> FromJson(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

}  // namespace

void WriteTypedRows(const std::string& path) {
  const auto timestamp = arrow::timestamp(arrow::TimeUnit::MICRO);
  const Columns columns = {
      {"double", Column(arrow::DoubleBuilder(), 1.5, -0.25)},
      {"float", Column(arrow::FloatBuilder(), 1.5f, -0.25f)},
      {"int8", Column(arrow::Int8Builder(), int8_t{1}, int8_t{-3})},
      {"uint64", Column(arrow::UInt64Builder(), uint64_t{1}, ~uint64_t{0})},
      {"bool", Column(arrow::BooleanBuilder(), true, false)},
      {"text", Column(arrow::StringBuilder(), "UA", "")},
      {"dictionary", Column(arrow::StringDictionaryBuilder(), "UA", "DL")},
      {"timestamp", Column(arrow::TimestampBuilder(timestamp, arrow::default_memory_pool()), int64_t{1700000000000000},
                           int64_t{1700000000000001})},
      {"digits", Column(arrow::StringBuilder(), "1", "2.5")},
      {"list", Lists()}};
  WriteColumns(columns, path);
}

void WriteCountingParquet(const std::string& path, int rows) {
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < rows; ++i) PARQUET_THROW_NOT_OK(builder.Append(i));
  const auto schema = arrow::schema({arrow::field("x", arrow::int64())});
  WriteTable(*arrow::Table::Make(schema, {builder.Finish().ValueOrDie()}), path, 50'000);
}

void WriteListRows(const std::string& path) {
  const auto image = arrow::fixed_size_list(arrow::list(arrow::uint8()), 2);
  const auto structure = arrow::list(arrow::struct_({arrow::field("x", arrow::float32())}));
  WriteColumns({{"image", FromJson(image, "[[[0, 1, 2], [3, 4, 5]], null, [[6, 7, 8], [9, 10, 11]]]")},
                {"ragged", FromJson(arrow::large_list(arrow::float32()), "[[0.1, null, -3], null, []]")},
                {"half", FromJson(arrow::fixed_size_list(arrow::float16(), 2), "[[0.5, 1], null, [-2, 65504]]")},
                {"words", FromJson(arrow::list(arrow::utf8()), R"([["a", null, "bcd"], null, [""]])")},
                {"word", FromJson(arrow::utf8(), R"(["abc", null, "é"])")},
                {"mean", FromJson(arrow::float64(), "[2.5, null, 8.5]")},
                {"struct", FromJson(structure, R"([[{"x": 1}], null, [{"x": 2}]])")}},
               path);
}

void WriteWideParquet(const std::string& path, int rows, int elements) {
  const auto values = std::make_shared<arrow::DoubleBuilder>();
  arrow::FixedSizeListBuilder builder(arrow::default_memory_pool(), values, elements);
  for (int row = 0; row < rows; ++row) {
    PARQUET_THROW_NOT_OK(builder.Append());
    for (int i = 0; i < elements; ++i) PARQUET_THROW_NOT_OK(values->Append(row + i));
  }
  WriteColumns({{"image", builder.Finish().ValueOrDie()}}, path);
}

}  // namespace drift
