#include "drift/report/page.h"

#include "drift/report/feature_card.h"
#include "drift/report/format.h"
#include "drift/report/page_assets.h"
#include "drift/report/strata_table.h"
#include "drift/report/summary.h"
#include "drift/report/text.h"
#include "drift/report/verdict.h"

namespace drift {
namespace {

constexpr char kHowToRead[] =
    "<section><details class=\"how\" data-key=\" how\"><summary>How to read this page</summary>"
    "<p><b>Two histograms lie over each other:</b> grey is what the model saw in training, blue is the traffic in the "
    "window now, weighted so that every stratum counts as much as it has traffic. Where blue and grey part, the "
    "model is asked about rows it has seen less of.</p>"
    "<p><b>PSI</b> (population stability index) adds up how far the shares of the bins have moved; 0 is no change. "
    "<b>KS</b> is the largest gap between the two cumulative distributions, from 0 to 1.</p>"
    "<p><b>The thresholds</b> on the bars are not fixed numbers: they are the tolerance plus what chance alone could "
    "add "
    "with as many rows as there are now. With few rows they lie higher, and come down as rows come in. A value above "
    "one means that the change is larger than tolerated, and not by chance.</p>"
    "<p><b>States:</b> <i>warming</i> – too few rows to tell; <i>observing</i> – a new model, values without "
    "alerts; <i>stable</i>; <i>warning</i>; <i>drifted</i>; <i>stale</i> – no traffic. A state changes when several "
    "evaluations in a row agree, at a level that keeps false alarms to the stated rate.</p>"
    "<p><b>Effective samples</b> are the independent rows that the sampled rows are worth: rows that come in bursts or "
    "with very different weights are worth less. Drift does not say that predictions are worse, only that they are "
    "made on other ground than the model was trained on.</p></details></section>";

void AppendTile(const char* name, const std::string& value, const std::string& under, std::string& html) {
  Append(html, "<div><dt>", name, "</dt><dd>", value, "</dd><dd class=\"under\">", under, "</dd></div>");
}

void AppendTiles(const ReportInput& input, std::string& html) {
  const Evaluation& evaluation = *input.evaluation;
  const ViewResult& view = evaluation.population;
  html += "<dl class=\"tiles\">";
  AppendTile("Rows answered", Grouped(view.rows_seen),
             input.window_ns > 0 ? "in the last " + Duration(input.window_ns) : "in the window", html);
  const double share = view.rows_seen > 0 ? view.rows_kept / view.rows_seen : 0;
  AppendTile("Rows sampled", Grouped(view.rows_kept), view.rows_seen > 0 ? Percent(share) + " of them" : "", html);
  AppendTile("Features drifted", Percent(evaluation.drifted_share), "of those that can be judged", html);
  if (input.reference != nullptr) {
    AppendTile("Training rows", Grouped(static_cast<double>(input.reference->rows)),
               "reference <code title=\"" + Html(input.reference->hash) + "\">" +
                   Html(input.reference->hash.substr(0, 8)) + "</code>",
               html);
  }
  html += "</dl>";
}

void AppendWarnings(const Evaluation& evaluation, std::string& html) {
  if (evaluation.warnings.empty()) return;
  html += "<section class=\"warnings\" aria-label=\"Warnings\"><h2>Worth knowing</h2><ul>";
  for (const std::string& warning : evaluation.warnings) Append(html, "<li>", Html(warning, 1000), "</li>");
  html += "</ul></section>";
}

void AppendRole(const ReportInput& input, Role role, const char* title, std::string& html) {
  const auto features = WorstFirst(input.evaluation->population, role);
  if (features.empty()) return;
  Append(html, "<section><h2>", title, "</h2>");
  for (const FeatureResult* feature : features) html += FeatureCard(input, *feature);
  html += "</section>";
}

void AppendHead(const std::string& title, std::string& html) {
  Append(html,
         "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
         "<meta name=\"color-scheme\" content=\"light dark\"><title>",
         title, "</title><style>", kPageStyle, "</style></head>");
}

}  // namespace

std::string RenderPart(const ReportInput& input) {
  const Evaluation& evaluation = *input.evaluation;
  const Verdict verdict = VerdictOf(input);
  std::string html;
  Append(html, "<section class=\"verdict ", Name(evaluation.model_state), "\" data-time=\"",
         std::to_string(evaluation.time_ns), "\">", StateBadge(evaluation.model_state), "<h2>",
         Html(verdict.sentence, 1000), "</h2><p>", Html(verdict.detail, 2000), "</p></section>");
  AppendTiles(input, html);
  AppendWarnings(evaluation, html);
  html += "<p class=\"legend\"><span class=\"key ref\"></span>training<span class=\"key cur\"></span>now</p>";
  AppendRole(input, Role::kFeature, "Features, worst first", html);
  AppendRole(input, Role::kPrediction, "Predictions", html);
  AppendRole(input, Role::kLabel, "Labels", html);
  html += StrataTable(evaluation);
  html += kHowToRead;
  Append(html, "<footer><p>Evaluated ", evaluation.time_ns > 0 ? UtcTime(evaluation.time_ns) : "not yet");
  if (input.evaluate_every_ns > 0) Append(html, ", every ", Duration(input.evaluate_every_ns));
  if (input.reference != nullptr) {
    Append(html, ". Reference made ", UtcTime(input.reference->created_ns), ", hash <code>",
           Html(input.reference->hash), "</code>");
  }
  Append(html, ". Tolerances: PSI ", Tidy(input.thresholds.psi_warn), " and ", Tidy(input.thresholds.psi_alert),
         ", KS ", Tidy(input.thresholds.ks_warn), " and ", Tidy(input.thresholds.ks_alert), ", α ",
         Tidy(input.thresholds.alpha), ".</p></footer>");
  return html;
}

std::string RenderPage(const ReportInput& input, std::int64_t refresh_ms) {
  std::string html;
  AppendHead("Drift of " + Html(input.model_name), html);
  Append(html, "<body><div class=\"page\"><header class=\"top\"><div><p class=\"brand\">driftserve</p><h1>",
         Html(input.model_name), " <span class=\"version\">version ", Html(input.model_version), "</span></h1></div>");
  if (refresh_ms > 0) {
    html += "<p class=\"live\" id=\"live\" role=\"status\"><i></i><span>live</span></p>";
  }
  Append(html, "</header><main id=\"main\">", RenderPart(input), "</main></div>");
  if (refresh_ms > 0) {
    Append(html, "<script data-every=\"", std::to_string(refresh_ms), "\">", kPageScript, "</script>");
  }
  return html + "</body></html>\n";
}

std::string RenderIndex(const std::vector<IndexEntry>& models) {
  std::string html;
  AppendHead("Watched models", html);
  html +=
      "<body><div class=\"page\"><header class=\"top\"><div><p class=\"brand\">driftserve</p><h1>Watched "
      "models</h1></div></header><main>";
  if (models.empty()) html += "<p>No model is watched yet.</p>";
  html += "<ul class=\"models\">";
  for (const IndexEntry& model : models) {
    Append(html, "<li><a href=\"drift/", Html(model.model_name), "?version=", Html(model.model_version), "\">",
           Html(model.model_name), "</a><span class=\"version\">version ", Html(model.model_version), "</span>",
           StateBadge(model.state), "</li>");
  }
  return html +
         "</ul><p class=\"note\"><a href=\"drift\">All figures as JSON</a> · <a href=\"metrics\">Prometheus "
         "metrics</a></p></main></div></body></html>\n";
}

std::string PageScriptHash() { return std::string("sha256-") + kPageScriptSha256; }

}  // namespace drift
