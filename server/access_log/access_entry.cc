#include "server/access_log/access_entry.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string_view>

#include "server/base/text.h"

namespace driftserve {
namespace {

constexpr size_t kLongestText = 200;
constexpr char kReplacement[] = "\\ufffd";

/// Bytes of the character that begins `text`; 0 where there is no valid one.
size_t CharacterLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and what is above the last character.
  if ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f)) return 0;
  if ((lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f)) return 0;
  return length;
}

void AppendCharacter(std::string_view character, std::string& line) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (first == '"' || first == '\\') {
    line += '\\';
    line += character;
  } else if (first < 0x20 || first == 0x7f) {
    char escape[8];
    std::snprintf(escape, sizeof(escape), "\\u%04x", first);
    line += escape;
  } else {
    line += character;
  }
}

void AppendText(const char* name, std::string_view text, std::string& line) {
  if (text.empty()) return;
  AppendPiece(line, Concat(",\"", name, "\":\""));
  const size_t end = std::min(text.size(), kLongestText);
  for (size_t at = 0; at < end;) {
    const size_t length = CharacterLength(text.substr(at));
    if (length == 0) {
      line += kReplacement;
      ++at;
    } else {
      AppendCharacter(text.substr(at, length), line);
      at += length;
    }
  }
  line += end < text.size() ? "…\"" : "\"";
}

void AppendNumber(const char* name, int64_t value, std::string& line) {
  AppendPiece(line, Concat(",\"", name, "\":", value));
}

void AppendTime(int64_t unix_ns, std::string& line) {
  const std::time_t seconds = unix_ns / 1'000'000'000;
  std::tm parts = {};
  gmtime_r(&seconds, &parts);
  char text[64];
  const size_t length = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
  line.append(text, length);
  std::snprintf(text, sizeof(text), ".%06dZ", static_cast<int>(unix_ns % 1'000'000'000 / 1000));
  line += text;
}

bool IsHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == text.npos;
}

}  // namespace

std::string TraceId(const std::string& traceparent) {
  const std::vector<std::string_view> parts = Split(traceparent, '-');
  const bool right = parts.size() == 4 && parts[0] == "00" && parts[1].size() == 32 && IsHex(parts[1]) &&
                     parts[2].size() == 16 && IsHex(parts[2]) && parts[1].find_first_not_of('0') != parts[1].npos;
  return right ? std::string(parts[1]) : std::string();
}

void AppendLine(const AccessEntry& entry, std::string& lines) {
  lines += "{\"time\":\"";
  AppendTime(entry.time_ns, lines);
  lines += '"';
  AppendText("method", entry.method, lines);
  AppendText("code", std::string_view(absl::StatusCodeToString(entry.code)), lines);
  AppendText("model_name", entry.model_name, lines);
  AppendText("model_version", entry.model_version, lines);
  AppendText("request_id", entry.request_id, lines);
  AppendText("peer", entry.peer, lines);
  AppendText("trace_id", TraceId(entry.traceparent), lines);
  AppendText("stratum", entry.stratum, lines);
  AppendNumber("rows", entry.rows, lines);
  AppendNumber("queue_us", entry.queue_us, lines);
  AppendNumber("execute_us", entry.execute_us, lines);
  AppendNumber("total_us", entry.total_us, lines);
  lines += entry.slow ? ",\"slow\":true}\n" : "}\n";
}

}  // namespace driftserve
