#include "drift/batch/cell_columns.h"

#include <xxhash.h>

#include "absl/strings/str_format.h"
#include "drift/profile/text.h"

namespace drift {
namespace {

constexpr uint64_t kMissingKey = 0x6d697373696e6721;

std::string_view TypeName(const Value& value) {
  switch (value.type()) {
    case Value::Type::kText:
      return "a text";
    case Value::Type::kBool:
      return "a boolean";
    case Value::Type::kMissing:
      return "a missing value";
    default:
      return "a number";
  }
}

}  // namespace

/// Owns the running state of one column.
class CellColumns::ColumnHash {
 public:
  ColumnHash() : state_(XXH3_createState(), &XXH3_freeState) { XXH3_128bits_reset(state_.get()); }
  void Update(const std::vector<uint64_t>& keys) {
    XXH3_128bits_update(state_.get(), keys.data(), keys.size() * sizeof(uint64_t));
  }
  XXH128_hash_t digest() const { return XXH3_128bits_digest(state_.get()); }

 private:
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state_;
};

CellColumns::CellColumns(std::shared_ptr<const Layout> layout)
    : layout_(std::move(layout)), cells_(layout_->features()), hashes_(layout_->features()) {}

CellColumns::~CellColumns() = default;

bool CellColumns::ConvertTexts(const std::vector<Value>& values, size_t feature, size_t& fault) {
  const FeatureLayout& layout = layout_->feature(feature);
  std::vector<uint32_t>& cells = cells_[feature];
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].missing()) {
      cells[i] = layout.missing_cell();
      keys_[i] = kMissingKey;
    } else if (values[i].type() == Value::Type::kText) {
      const std::string_view text = values[i].as_text();
      cells[i] = layout.CellOfText(text);
      keys_[i] = XXH3_64bits(text.data(), text.size());
    } else {
      fault = i;
      return false;
    }
  }
  return true;
}

bool CellColumns::ConvertNumbers(const std::vector<Value>& values, size_t feature, size_t& fault) {
  const FeatureLayout& layout = layout_->feature(feature);
  const KeyReader reader(layout_->reference().features[feature].dtype);
  missing_.clear();
  for (size_t i = 0; i < values.size(); ++i) {
    const KeyOf key = reader.Read(values[i]);
    keys_[i] = key.key;
    if (key.outcome == KeyOf::Outcome::kKey) continue;
    if (key.outcome == KeyOf::Outcome::kUnreadable) {
      fault = i;
      return false;
    }
    keys_[i] = kMissingKey;
    missing_.push_back(i);
  }
  layout.CellsOfKeys(keys_, cells_[feature]);
  for (const size_t row : missing_) cells_[feature][row] = layout.missing_cell();
  return true;
}

absl::Status CellColumns::Convert(const RowBatch& batch, const RowSource& source, CurrentSamples* samples) {
  keys_.resize(batch.rows);
  for (size_t f = 0; f < cells_.size(); ++f) {
    cells_[f].resize(batch.rows);
    const bool texts = layout_->reference().features[f].dtype == Dtype::kText;
    size_t fault = 0;
    if (!(texts ? ConvertTexts(batch.values[f], f, fault) : ConvertNumbers(batch.values[f], f, fault))) {
      return Fault(batch, source, f, fault);
    }
    hashes_[f].Update(keys_);
    if (samples != nullptr && !texts) samples->Add(f, keys_, missing_);
  }
  return absl::OkStatus();
}

absl::Status CellColumns::Fault(const RowBatch& batch, const RowSource& source, size_t feature, size_t row) const {
  const FeatureReference& reference = layout_->reference().features[feature];
  const char* expected = reference.dtype == Dtype::kText ? "a text" : "a number";
  return absl::InvalidArgumentError(Concat(source.RowName(row), ": column '", reference.name, "': expected ", expected,
                                           " as the reference (", Name(reference.dtype), "), got ",
                                           TypeName(batch.values[feature][row])));
}

std::string CellColumns::hash() const {
  XXH3_state_t* state = XXH3_createState();
  XXH3_128bits_reset(state);
  for (size_t f = 0; f < hashes_.size(); ++f) {
    const std::string& name = layout_->reference().features[f].name;
    XXH3_128bits_update(state, name.data(), name.size());
    const XXH128_hash_t column = hashes_[f].digest();
    XXH3_128bits_update(state, &column, sizeof(column));
  }
  const XXH128_hash_t whole = XXH3_128bits_digest(state);
  XXH3_freeState(state);
  return absl::StrFormat("%016x%016x", whole.high64, whole.low64);
}

}  // namespace drift
