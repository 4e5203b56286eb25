#include "drift/report/data_section.h"

#include "drift/report/format.h"
#include "drift/report/markup.h"
#include "drift/report/text.h"

namespace drift {
namespace {

// The reference and the traffic of a live model, as far as they are known.
Comparison LiveComparison(const ReportInput& input) {
  const Evaluation& evaluation = *input.evaluation;
  Comparison comparison;
  comparison.reference.source = "reference profile of this model version";
  if (input.reference != nullptr) {
    comparison.reference.hash = input.reference->hash;
    comparison.reference.rows = input.reference->rows;
  }
  comparison.current.source = "requests answered by this server";
  comparison.current.rows = static_cast<std::uint64_t>(evaluation.population.rows_kept);
  if (evaluation.time_ns > 0 && input.window_ns > 0) {
    comparison.current.first_ns = evaluation.time_ns - input.window_ns;
    comparison.current.last_ns = evaluation.time_ns;
  }
  comparison.weights = "one over the probability with which a row was sampled";
  return comparison;
}

void AppendRow(const char* name, const std::string& reference, const std::string& current, std::string& html) {
  Append(html, "<tr><th scope=\"row\">", name, "</th><td>", reference.empty() ? "–" : reference, "</td><td>",
         current.empty() ? "–" : current, "</td></tr>");
}

std::string Time(std::int64_t time_ns) { return time_ns == 0 ? "" : UtcTime(time_ns); }

std::string Hash(const std::string& hash) { return hash.empty() ? "" : "<code>" + Html(hash) + "</code>"; }

void AppendSides(const Comparison& comparison, std::string& html) {
  const DataSide &reference = comparison.reference, &current = comparison.current;
  html += OpenScroll("Reference and current data", "sides", "sides") + OpenTable({"Data", "Reference", "Current"});
  AppendRow("Source", Html(reference.source, 1000), Html(current.source, 1000), html);
  AppendRow("Rows", Grouped(static_cast<double>(reference.rows)), Grouped(static_cast<double>(current.rows)), html);
  AppendRow("First row", Time(reference.first_ns), Time(current.first_ns), html);
  AppendRow("Last row", Time(reference.last_ns), Time(current.last_ns), html);
  AppendRow("Hash", Hash(reference.hash), Hash(current.hash), html);
  html += "</tbody></table></div>";
}

void AppendFact(const char* name, const std::string& value, std::string& html) {
  if (!value.empty()) html += Fact(name, value);
}

std::string Tolerances(const ThresholdSettings& thresholds) {
  return "PSI " + Tidy(thresholds.psi_warn) + " and " + Tidy(thresholds.psi_alert) + ", KS " +
         Tidy(thresholds.ks_warn) + " and " + Tidy(thresholds.ks_alert) + ", α " + Tidy(thresholds.alpha);
}

}  // namespace

std::string DataSection(const ReportInput& input) {
  const Comparison comparison = input.comparison ? *input.comparison : LiveComparison(input);
  std::string html =
      "<section id=\"data\" aria-labelledby=\"data-title\"><h2 id=\"data-title\">What was compared with what</h2>"
      "<div class=\"card\">";
  AppendSides(comparison, html);
  html += "<dl class=\"facts\">";
  AppendFact("Rows weighed by", Html(comparison.weights, 1000), html);
  AppendFact("Tolerances, warning and alert", Tolerances(input.thresholds), html);
  if (input.evaluate_every_ns > 0) AppendFact("Evaluated every", Duration(input.evaluate_every_ns), html);
  if (input.reference != nullptr) AppendFact("Reference made", Time(input.reference->created_ns), html);
  AppendFact(input.comparison ? "Report made" : "Evaluated",
             Time(input.comparison ? comparison.made_ns : input.evaluation->time_ns), html);
  AppendFact("Program", Html(comparison.program), html);
  return html + "</dl></div></section>";
}

}  // namespace drift
