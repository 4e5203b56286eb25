#include "drift/tool/profile_summary.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "drift/evaluator.h"
#include "drift/layout.h"
#include "drift/profile/text.h"

namespace drift {
namespace {

constexpr size_t kBytesExpected = 1 << 20;

double Share(uint64_t rows, uint64_t of) { return of == 0 ? 0 : static_cast<double>(rows) / static_cast<double>(of); }

/// The check of the whole profile, asked of one feature.
std::string WhyNeverReady(const Reference& reference, const FeatureReference& feature,
                          const ThresholdSettings& thresholds) {
  Reference one;
  one.rows = reference.rows;
  one.features.push_back(feature);
  const auto error = CheckReferenceSize(one, thresholds);
  return error ? error->message : "";
}

ProfileSummary::Row RowOf(const FeatureReference& feature, uint64_t rows) {
  const FeatureLayout layout(feature);
  ProfileSummary::Row row;
  row.name = feature.name;
  row.role = std::string(Name(feature.role));
  row.kind = std::string(Name(feature.kind));
  row.dtype = std::string(Name(feature.dtype));
  row.cells = layout.cells() - 1;
  row.bins = layout.bins() - 1;
  row.missing_ratio = Share(feature.cell_counts.back(), rows);
  if (feature.effective_rows > 0) row.notes.push_back(absl::StrFormat("worth %.0f rows", feature.effective_rows));
  if (feature.kind == Kind::kNumeric) {
    row.notes.push_back(layout.rank_cells() ? "KS exact" : "KS within its cells");
  } else {
    const size_t kept = feature.categories.size();
    const double other = Share(feature.cell_counts[kept] + feature.cell_counts[kept + 1], rows);
    if (other > 0) row.notes.push_back(absl::StrFormat("%.2g %% in other values", 100 * other));
  }
  return row;
}

/// How many cells hold rows, MISSING left out.
size_t CellsInUse(const FeatureReference& feature) {
  return static_cast<size_t>(std::count_if(feature.cell_counts.begin(), feature.cell_counts.end() - 1,
                                           [](uint64_t rows) { return rows > 0; }));
}

}  // namespace

ProfileSummary Summarise(const Reference& reference, const ThresholdSettings& thresholds, size_t bytes) {
  ProfileSummary summary;
  const auto warn = [&summary](const FeatureReference& feature, const std::string& text) {
    summary.warnings.push_back(Concat(Name(feature.role), " '", feature.name, "': ", text));
  };
  for (const FeatureReference& feature : reference.features) {
    summary.rows.push_back(RowOf(feature, reference.rows));
    const size_t used = CellsInUse(feature);
    if (used == 0) {
      warn(feature, "every value is missing: only a change of the missing share can be seen");
    } else if (used == 1 || summary.rows.back().bins < 2) {
      warn(feature, "constant: PSI is not exported, KS and the missing share are");
    }
    if (const std::string why = WhyNeverReady(reference, feature, thresholds); !why.empty()) {
      warn(feature, Concat("too few rows, it will never be ready: ", why));
    }
  }
  if (bytes > kBytesExpected) {
    summary.warnings.push_back(Concat("the file has ", bytes, " bytes, more than a mebibyte: ", reference.strata.size(),
                                      " strata have counts of their own"));
  }
  return summary;
}

std::string SummaryTable(const ProfileSummary& summary) {
  std::vector<std::array<std::string, 7>> lines = {{"feature", "type", "dtype", "cells", "bins", "missing", "notes"}};
  for (const ProfileSummary::Row& row : summary.rows) {
    std::string notes = row.role == "feature" ? "" : row.role;
    for (const std::string& note : row.notes) notes += Concat(notes.empty() ? "" : ", ", note);
    lines.push_back({row.name, row.kind, row.dtype, Concat(row.cells), Concat(row.bins),
                     absl::StrFormat("%.2f %%", 100 * row.missing_ratio), notes});
  }
  std::array<size_t, 7> widths = {};
  for (const auto& line : lines) {
    for (size_t i = 0; i + 1 < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string table;
  for (const auto& line : lines) {
    for (size_t i = 0; i + 1 < line.size(); ++i) {
      const std::string blanks(widths[i] - line[i].size(), ' ');
      table += i < 3 ? Concat(line[i], blanks, "  ") : Concat(blanks, line[i], "  ");
    }
    table += Concat(line.back(), "\n");
  }
  return table;
}

std::string SummaryJson(const Reference& reference, const ProfileSummary& summary, const std::string& file) {
  nlohmann::ordered_json json = {{"file", file},
                                 {"hash", reference.hash},
                                 {"model_name", reference.model_name},
                                 {"model_version", reference.model_version},
                                 {"created_unix_ns", reference.created_ns},
                                 {"rows", reference.rows},
                                 {"features", nlohmann::ordered_json::array()},
                                 {"strata", nlohmann::ordered_json::array()},
                                 {"warnings", summary.warnings}};
  for (const ProfileSummary::Row& row : summary.rows) {
    json["features"].push_back({{"name", row.name},
                                {"role", row.role},
                                {"type", row.kind},
                                {"dtype", row.dtype},
                                {"cells", row.cells},
                                {"bins", row.bins},
                                {"missing_ratio", row.missing_ratio},
                                {"notes", row.notes}});
  }
  for (const StratumReference& stratum : reference.strata) {
    json["strata"].push_back({{"name", stratum.name}, {"rows", stratum.rows}});
  }
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace drift
