#include "drift/report/page.h"

#include <array>

#include "drift/report/data_section.h"
#include "drift/report/feature_card.h"
#include "drift/report/format.h"
#include "drift/report/heat_map.h"
#include "drift/report/how_to_read.h"
#include "drift/report/markup.h"
#include "drift/report/overview_table.h"
#include "drift/report/page_assets.h"
#include "drift/report/quality_section.h"
#include "drift/report/summary.h"
#include "drift/report/text.h"
#include "drift/report/verdict.h"

namespace drift {
namespace {

void AppendTile(const char* name, const std::string& value, const std::string& under, std::string& html) {
  Append(html, "<div><dt>", name, "</dt><dd>", value, "</dd><dd class=\"under\">", under, "</dd></div>");
}

void AppendTraffic(const ReportInput& input, std::string& html) {
  const ViewResult& view = input.evaluation->population;
  if (input.comparison) {
    AppendTile("Current rows", Grouped(static_cast<double>(input.comparison->current.rows)),
               "compared with the reference", html);
    return;
  }
  AppendTile("Rows answered", Grouped(view.rows_seen),
             input.window_ns > 0 ? "in the last " + Duration(input.window_ns) : "in the window", html);
  const double share = view.rows_seen > 0 ? view.rows_kept / view.rows_seen : 0;
  AppendTile("Rows sampled", Grouped(view.rows_kept), view.rows_seen > 0 ? Percent(share) + " of them" : "", html);
}

void AppendTiles(const ReportInput& input, std::string& html) {
  const Evaluation& evaluation = *input.evaluation;
  html += "<dl class=\"tiles\">";
  AppendTraffic(input, html);
  const Counts counts = Count(evaluation.population, Role::kFeature);
  AppendTile("Features drifted", std::to_string(counts.drifted) + " of " + std::to_string(counts.ready),
             "that can be judged, " + Percent(evaluation.drifted_share), html);
  if (evaluation.concept_drift && evaluation.concept_drift->mean_error) {
    const ConceptResult& quality = *evaluation.concept_drift;
    AppendTile("Mean error", Rounded(*quality.mean_error), Html(quality.error, 40), html);
  }
  if (input.reference != nullptr) {
    AppendTile("Reference rows", Grouped(static_cast<double>(input.reference->rows)),
               "hash <code>" + Html(input.reference->hash.substr(0, 8)) + "</code>", html);
  }
  html += "</dl>";
}

void AppendWarnings(const Evaluation& evaluation, std::string& html) {
  if (evaluation.warnings.empty()) return;
  html +=
      "<section class=\"warnings\" aria-labelledby=\"warnings-title\"><h2 id=\"warnings-title\">Worth knowing</h2><ul>";
  for (const std::string& warning : evaluation.warnings) Append(html, "<li>", Html(warning, 1000), "</li>");
  html += "</ul></section>";
}

struct RoleSection {
  Role role;
  const char *id, *title;
};
constexpr std::array<RoleSection, 3> kRoles = {{{Role::kFeature, "features", "Features, worst first"},
                                                {Role::kPrediction, "predictions", "Predictions"},
                                                {Role::kLabel, "labels", "Labels"}}};

void AppendRole(const ReportInput& input, const RoleSection& section, std::string& html) {
  const auto features = WorstFirst(input.evaluation->population, section.role);
  if (features.empty()) return;
  Append(html, "<section id=\"", section.id, "\" aria-labelledby=\"", section.id, "-title\"><h2 id=\"", section.id,
         "-title\">", section.title, "</h2>");
  for (const FeatureResult* feature : features) html += FeatureCard(input, *feature);
  html += "</section>";
}

// The sections that this page has, each a link.
void AppendContents(const std::string& sections, std::string& html) {
  constexpr std::array<std::array<const char*, 2>, 8> kSections = {{{"overview", "At a glance"},
                                                                    {"features", "Features"},
                                                                    {"predictions", "Predictions"},
                                                                    {"labels", "Labels"},
                                                                    {"quality", "Quality"},
                                                                    {"strata", "Strata"},
                                                                    {"data", "What was compared"},
                                                                    {"how", "How to read it"}}};
  html += "<nav aria-label=\"Sections\"><ul>";
  for (const auto& [id, title] : kSections) {
    if (sections.find("<section id=\"" + std::string(id) + "\"") == sections.npos) continue;
    Append(html, "<li><a href=\"#", id, "\" data-key=\"to ", id, "\">", title, "</a></li>");
  }
  html += "</ul></nav>";
}

// A report to keep shows it open, for paper; a live page, which is looked at every day, does not.
std::string HowToRead(bool open) {
  return "<section id=\"how\" aria-labelledby=\"how-title\"><details class=\"how card\" data-key=\"how\"" +
         std::string(open ? " open" : "") + "><summary><h2 id=\"how-title\">How to read it</h2></summary>" +
         kHowToRead + "</details></section>";
}

// Files that were compared belong to no version.
std::string Version(const std::string& version) {
  return version.empty() ? "" : " <span class=\"version\">version " + Html(version) + "</span>";
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
  Append(html, "<section class=\"verdict ", Name(evaluation.model_state), "\" aria-labelledby=\"verdict\" data-time=\"",
         std::to_string(evaluation.time_ns), "\">", StateBadge(evaluation.model_state), "<h2 id=\"verdict\">",
         Html(verdict.sentence, 1000), "</h2>");
  if (!verdict.detail.empty()) Append(html, "<p>", Html(verdict.detail, 2000), "</p>");
  html += "</section>";
  AppendTiles(input, html);
  AppendWarnings(evaluation, html);
  std::string sections = OverviewTable(input);
  for (const RoleSection& section : kRoles) AppendRole(input, section, sections);
  Append(sections, QualitySection(evaluation), HeatMap(evaluation), DataSection(input), HowToRead(!!input.comparison));
  AppendContents(sections, html);
  return html + sections;
}

std::string RenderPage(const ReportInput& input, std::int64_t refresh_ms) {
  std::string html;
  AppendHead("Drift of " + Html(input.model_name), html);
  Append(
      html,
      "<body><a class=\"skip\" href=\"#main\">Skip to the verdict</a><div class=\"page\"><header class=\"top\"><div><p "
      "class=\"brand\">driftserve</p><h1>",
      Html(input.model_name), Version(input.model_version), "</h1></div>");
  if (refresh_ms > 0) {
    html += "<p class=\"live\" id=\"live\" role=\"status\"><i></i><span>live</span></p>";
  } else if (input.comparison && input.comparison->made_ns > 0) {
    Append(html, "<p class=\"live\">", UtcTime(input.comparison->made_ns), "</p>");
  }
  Append(html, "</header><main id=\"main\" tabindex=\"-1\">", RenderPart(input), "</main></div>");
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
           Html(model.model_name), "</a>", Version(model.model_version), StateBadge(model.state), "</li>");
  }
  return html +
         "</ul><p class=\"note\"><a href=\"drift\">All figures as JSON</a> · <a href=\"metrics\">Prometheus "
         "metrics</a></p></main></div></body></html>\n";
}

std::string PageScriptHash() { return std::string("sha256-") + kPageScriptSha256; }

}  // namespace drift
