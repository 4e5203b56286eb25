#pragma once

#include <optional>
#include <string>
#include <vector>

namespace drift {

/// Lines of cells under a header, aligned for a terminal: the first `left` columns and the last one to the left, the
/// others to the right. Widths are of characters, not bytes.
std::string TextTable(const std::vector<std::vector<std::string>>& lines, size_t left);

/// The same as a table of GitHub's Markdown; `|` and line ends in cells are escaped.
std::string MarkdownTable(const std::vector<std::vector<std::string>>& lines);

/// Four significant digits; "–" where there is none.
std::string FigureText(const std::optional<double>& figure);

}  // namespace drift
