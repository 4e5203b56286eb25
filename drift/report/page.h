#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drift/report/report.h"

namespace drift {

/// A whole page about one model version: one file, nothing loaded from anywhere, light or dark as the reader's system
/// says. `refresh_ms` above 0: the page asks its own address with ?part=1 as often and shows what came, keeping what
/// the reader has opened; 0: it stays as it is (a report to keep).
std::string RenderPage(const ReportInput& input, std::int64_t refresh_ms);

/// What changes of the page: the contents of its <main>.
std::string RenderPart(const ReportInput& input);

/// A page that lists the watched models, each linked to drift/<name>.
std::string RenderIndex(const std::vector<IndexEntry>& models);

/// "sha256-…" of the page's script, for a Content-Security-Policy.
std::string PageScriptHash();

}  // namespace drift
