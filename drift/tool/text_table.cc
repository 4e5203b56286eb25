#include "drift/tool/text_table.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "drift/profile/text.h"

namespace drift {
namespace {

/// Of UTF-8: every byte but those that continue a character.
size_t Characters(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string MarkdownCell(const std::string& text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '\\' || c == '`') cell.push_back('\\');
    cell.push_back(c == '\n' || c == '\r' ? ' ' : c);
  }
  return cell;
}

}  // namespace

std::string TextTable(const std::vector<std::vector<std::string>>& lines, size_t left) {
  std::vector<size_t> widths(lines.empty() ? 0 : lines.front().size(), 0);
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], Characters(line[i]));
  }
  std::string table;
  for (const auto& line : lines) {
    std::string text;
    for (size_t i = 0; i < line.size(); ++i) {
      const std::string blanks(widths[i] - Characters(line[i]), ' ');
      const bool to_left = i < left || i + 1 == line.size();
      text += to_left ? Concat(line[i], blanks) : Concat(blanks, line[i]);
      if (i + 1 < line.size()) text += "  ";
    }
    text.erase(text.find_last_not_of(' ') + 1);
    table += text + "\n";
  }
  return table;
}

std::string MarkdownTable(const std::vector<std::vector<std::string>>& lines) {
  std::string table;
  for (size_t i = 0; i < lines.size(); ++i) {
    table += "|";
    for (const std::string& cell : lines[i]) table += Concat(" ", MarkdownCell(cell), " |");
    table += "\n";
    if (i > 0) continue;
    table += "|";
    for (size_t column = 0; column < lines[0].size(); ++column) table += "---|";
    table += "\n";
  }
  return table;
}

std::string FigureText(const std::optional<double>& figure) {
  return figure ? absl::StrFormat("%.4g", *figure) : std::string("–");
}

}  // namespace drift
