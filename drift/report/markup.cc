#include "drift/report/markup.h"

#include "drift/report/text.h"

namespace drift {

std::string StateBadge(State state) {
  return "<span class=\"badge " + std::string(Name(state)) + "\">" + std::string(Name(state)) + "</span>";
}

std::string OpenScroll(const std::string& label, const std::string& key, const std::string& style) {
  std::string html;
  Append(html, "<div class=\"scroll", style.empty() ? "" : " ", style,
         "\" role=\"region\" tabindex=\"0\" aria-label=\"", label, "\" data-key=\"", key, "\">");
  return html;
}

std::string OpenTable(std::initializer_list<std::string_view> titles) {
  std::string html = "<table><thead><tr>";
  for (const std::string_view title : titles) Append(html, "<th scope=\"col\">", title, "</th>");
  return html + "</tr></thead><tbody>";
}

std::string Fact(std::string_view name, const std::string& value, const std::string& under) {
  std::string html;
  Append(html, "<div><dt>", name, "</dt><dd>", value);
  if (!under.empty()) Append(html, " <small>", under, "</small>");
  return html + "</dd></div>";
}

}  // namespace drift
