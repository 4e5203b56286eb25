#include "drift/topic/topic_address.h"

#include <charconv>

#include "drift/profile/text.h"
#include "drift/profile/units.h"

namespace drift {
namespace {

constexpr int64_t kDay = 24 * 3'600'000'000'000;
constexpr std::string_view kForm = "kafka://host:9092/topic?from=yesterday&to=today";
constexpr std::string_view kPoints =
    "beginning, end, an offset, yesterday, today, a span before now such as 24h, or a time such as "
    "2026-01-01T00:00:00Z";

absl::Status Refuse(const std::string& what) { return absl::InvalidArgumentError(what); }

std::optional<int> HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return std::nullopt;
}

std::optional<std::string> Decode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return decoded;
}

// Kafka's own rule for names of topics.
bool IsTopicName(std::string_view name) {
  constexpr size_t kLongest = 249;
  return !name.empty() && name.size() <= kLongest && name != "." && name != ".." &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
             std::string_view::npos;
}

absl::Status SetPoint(const std::string& key, const std::string& value, int64_t now_ns, TopicPoint& point) {
  const auto parsed = ParseTopicPoint(value, now_ns);
  if (!parsed.ok()) return Refuse(Concat(key, ": ", parsed.status().message()));
  point = *parsed;
  return absl::OkStatus();
}

absl::Status SetParameter(std::string_view parameter, int64_t now_ns, TopicAddress& address) {
  const size_t equals = parameter.find('=');
  const std::string key(parameter.substr(0, equals));
  const auto value = Decode(equals == parameter.npos ? "" : parameter.substr(equals + 1));
  if (!value) return Refuse(Concat(key, ": a % that is not followed by two hexadecimal digits"));
  if (value->empty()) return Refuse(Concat(key, ": expected a value, got none"));
  if (key == "from") return SetPoint(key, *value, now_ns, address.from);
  if (key == "to") return SetPoint(key, *value, now_ns, address.to);
  if (key == "model") {
    address.model_name = *value;
  } else if (key == "version") {
    address.model_version = *value;
  } else if (key == "reference" && *value == "any") {
    address.any_reference = true;
  } else {
    return Refuse(Concat("expected from=, to=, model=, version= or reference=any, got ", parameter));
  }
  return absl::OkStatus();
}

absl::Status ParseParts(std::string_view text, int64_t now_ns, TopicAddress& address) {
  if (!IsTopicAddress(text)) return Refuse(Concat("expected ", kForm));
  text.remove_prefix(kTopicScheme.size());
  const size_t slash = text.find('/'), question = text.find('?');
  if (slash == text.npos || slash == 0 || slash > question) return Refuse(Concat("expected ", kForm));
  address.brokers = std::string(text.substr(0, slash));
  if (address.brokers.find('@') != std::string::npos) {
    return Refuse("expected host:port, got a user name; say --kafka-config sasl.username=… instead");
  }
  const auto topic = Decode(text.substr(slash + 1, question == text.npos ? question : question - slash - 1));
  if (!topic || !IsTopicName(*topic)) {
    return Refuse("topic: expected letters, digits, '.', '_' and '-', at most 249 of them");
  }
  address.topic = *topic;
  std::string_view query = question == text.npos ? std::string_view() : text.substr(question + 1);
  while (!query.empty()) {
    const size_t end = query.find('&');
    if (const absl::Status set = SetParameter(query.substr(0, end), now_ns, address); !set.ok()) return set;
    query = end == query.npos ? std::string_view() : query.substr(end + 1);
  }
  return CheckOrder(address);
}

}  // namespace

absl::StatusOr<TopicPoint> ParseTopicPoint(std::string_view text, int64_t now_ns) {
  using Kind = TopicPoint::Kind;
  if (text == "beginning" || text == "earliest") return TopicPoint{Kind::kBeginning, 0};
  if (text == "end" || text == "latest" || text == "now") return TopicPoint{Kind::kEnd, 0};
  const int64_t today = now_ns - now_ns % kDay;
  if (text == "today") return TopicPoint{Kind::kTime, today};
  if (text == "yesterday") return TopicPoint{Kind::kTime, today - kDay};
  int64_t offset = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), offset);
  if (error == std::errc() && end == text.data() + text.size() && offset >= 0) return TopicPoint{Kind::kOffset, offset};
  if (const auto before = ParseDuration(text); before && *before <= now_ns) {
    return TopicPoint{Kind::kTime, now_ns - *before};
  }
  if (const auto time = ParseUtcTime(text)) return TopicPoint{Kind::kTime, *time};
  return Refuse(Concat("expected ", kPoints, ", got '", text, "'"));
}

absl::Status CheckOrder(const TopicAddress& address) {
  const bool same = address.from.kind == address.to.kind;
  const bool points = address.from.kind == TopicPoint::Kind::kOffset || address.from.kind == TopicPoint::Kind::kTime;
  if (address.from.kind == TopicPoint::Kind::kEnd || address.to.kind == TopicPoint::Kind::kBeginning ||
      (same && points && address.from.value >= address.to.value)) {
    return Refuse("from: expected a point before `to`");
  }
  return absl::OkStatus();
}

bool IsTopicAddress(std::string_view text) { return text.substr(0, kTopicScheme.size()) == kTopicScheme; }

absl::StatusOr<TopicAddress> ParseTopicAddress(std::string_view text, int64_t now_ns) {
  TopicAddress address;
  const absl::Status parsed = ParseParts(text, now_ns, address);
  // What stands before an @ may be a password.
  const bool shown = text.find('@') == text.npos;
  if (!parsed.ok()) return Refuse(Concat(shown ? text : kTopicScheme, ": ", parsed.message()));
  return address;
}

}  // namespace drift
