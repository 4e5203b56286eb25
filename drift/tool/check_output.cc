#include "drift/tool/check_output.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "drift/profile/text.h"
#include "drift/report/text.h"
#include "drift/tool/text_table.h"

namespace drift {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kCheckSchema = 1;

std::string StateText(const CheckRow& row) {
  if (row.measure.empty() && !row.reason.empty()) return Concat(Name(row.state), ": ", row.reason);
  return std::string(Name(row.state));
}

std::vector<std::vector<std::string>> Lines(const CheckVerdict& verdict) {
  const bool strata = std::any_of(verdict.rows.begin(), verdict.rows.end(),
                                  [](const CheckRow& row) { return !row.stratum.empty(); });
  std::vector<std::vector<std::string>> lines = {{"feature", "measure", "value", "threshold", "p", "state"}};
  if (strata) lines[0].insert(lines[0].begin(), "stratum");
  for (const CheckRow& row : verdict.rows) {
    std::vector<std::string> line = {Utf8(row.feature),         row.measure.empty() ? "–" : row.measure,
                                     FigureText(row.value),     FigureText(row.threshold),
                                     FigureText(row.p_value),   StateText(row)};
    if (strata) line.insert(line.begin(), row.stratum.empty() ? "all" : Utf8(row.stratum));
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string_view ResultName(CheckResult result) {
  if (result == CheckResult::kPass) return "pass";
  return result == CheckResult::kDrift ? "drift" : "undecided";
}

/// For attributes and content: UTF-8 without characters that XML 1.0 forbids.
std::string Xml(const std::string& text) {
  std::string escaped;
  for (const char c : Utf8(text, 2000)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) escaped.push_back(c);
    }
  }
  return escaped;
}

std::string WhatIsWrong(const CheckRow& row) {
  if (row.measure.empty()) return Concat(row.feature, " could not be judged: ", row.reason);
  return Concat(row.measure, " of ", row.feature, " is ", FigureText(row.value), ", threshold ",
                FigureText(row.threshold), ", p = ", FigureText(row.p_value), ": ", Name(row.state),
                row.stratum.empty() ? "" : ", stratum ", row.stratum);
}

/// A property of a workflow command, or its text.
std::string GithubText(const std::string& text, bool property) {
  std::string escaped;
  for (const char c : Utf8(text, 2000)) {
    const bool reserved = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    if (!reserved) {
      escaped.push_back(c);
      continue;
    }
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    escaped += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return escaped;
}

}  // namespace

std::string CheckTable(const CheckVerdict& verdict) {
  const auto lines = Lines(verdict);
  return TextTable(lines, lines[0].size() - 4);
}

std::string CheckJson(const CheckVerdict& verdict, const std::vector<std::string>& warnings) {
  Json json = {{"schema_version", kCheckSchema},
               {"result", ResultName(verdict.result)},
               {"passed", verdict.result == CheckResult::kPass},
               {"sentence", Utf8(verdict.sentence, 2000)},
               {"rows", Json::array()},
               {"warnings", Json::array()}};
  for (const CheckRow& row : verdict.rows) {
    Json line = {{"feature", Utf8(row.feature)}, {"role", Name(row.role)}};
    if (!row.stratum.empty()) line["stratum"] = Utf8(row.stratum);
    if (!row.measure.empty()) line["measure"] = row.measure;
    if (row.value) line["value"] = *row.value;
    if (row.threshold) line["threshold"] = *row.threshold;
    if (row.p_value) line["p_value"] = *row.p_value;
    line["state"] = Name(row.state);
    line["failed"] = row.failed;
    if (!row.reason.empty()) line["reason"] = Utf8(row.reason, 1000);
    json["rows"].push_back(std::move(line));
  }
  for (const std::string& warning : warnings) json["warnings"].push_back(Utf8(warning, 1000));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string CheckJunit(const CheckVerdict& verdict, const std::string& suite) {
  size_t failures = 0, errors = 0, skipped = 0;
  std::string cases;
  for (const CheckRow& row : verdict.rows) {
    const std::string name = row.measure.empty() ? row.feature : Concat(row.feature, " ", row.measure);
    cases += Concat("    <testcase classname=\"", Xml(row.stratum.empty() ? suite : Concat(suite, ".", row.stratum)),
                    "\" name=\"", Xml(name), "\">");
    if (row.failed) {
      ++failures;
      cases += Concat("<failure type=\"", Name(row.state), "\" message=\"", Xml(WhatIsWrong(row)), "\"/>");
    } else if (row.undecided && verdict.result != CheckResult::kPass) {
      ++errors;
      cases += Concat("<error type=\"undecided\" message=\"", Xml(WhatIsWrong(row)), "\"/>");
    } else if (row.measure.empty()) {
      ++skipped;
      cases += Concat("<skipped message=\"", Xml(row.reason), "\"/>");
    }
    cases += "</testcase>\n";
  }
  const std::string counts = Concat("tests=\"", verdict.rows.size(), "\" failures=\"", failures, "\" errors=\"", errors,
                                    "\" skipped=\"", skipped, "\"");
  return Concat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites ", counts, ">\n  <testsuite name=\"",
                Xml(suite), "\" ", counts, ">\n", cases, "  </testsuite>\n</testsuites>\n");
}

std::string GithubAnnotations(const CheckVerdict& verdict) {
  std::string lines;
  for (const CheckRow& row : verdict.rows) {
    if (!row.failed && !row.undecided && row.state != State::kWarning) continue;
    lines += Concat(row.failed ? "::error" : "::warning", " title=", GithubText(Concat("Drift: ", row.feature), true),
                    "::", GithubText(WhatIsWrong(row), false), "\n");
  }
  return lines;
}

std::string CheckMarkdown(const CheckVerdict& verdict, const std::string& title,
                          const std::vector<std::string>& warnings) {
  const char* mark = verdict.result == CheckResult::kPass ? "✅" : verdict.result == CheckResult::kDrift ? "❌" : "⚠️";
  std::string text = Concat("### ", mark, " Drift of ", Utf8(title), ": ", Utf8(verdict.sentence, 2000), "\n\n",
                            MarkdownTable(Lines(verdict)), "\n");
  for (const std::string& warning : warnings) text += Concat("- ", Utf8(warning, 1000), "\n");
  return text;
}

}  // namespace drift
