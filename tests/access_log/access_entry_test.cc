#include "server/access_log/access_entry.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace driftserve {
namespace {

AccessEntry Entry() {
  AccessEntry entry;
  entry.time_ns = 1'385'000'000'123'456'789;
  entry.method = "ModelInfer";
  entry.code = absl::StatusCode::kDeadlineExceeded;
  entry.model_name = "mlp";
  entry.model_version = "3";
  entry.request_id = "r-1";
  entry.peer = "ipv4:127.0.0.1:5";
  entry.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  entry.stratum = "vip";
  entry.rows = 4;
  entry.queue_us = 12;
  entry.execute_us = 34;
  entry.total_us = 50;
  return entry;
}

nlohmann::json Line(const AccessEntry& entry) {
  std::string line;
  AppendLine(entry, line);
  EXPECT_EQ(line.back(), '\n');
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  return nlohmann::json::parse(line);
}

TEST(AccessEntry, IsOneLineOfJson) {
  EXPECT_EQ(Line(Entry()), nlohmann::json::parse(R"({"time":"2013-11-21T02:13:20.123456Z","method":"ModelInfer",
      "code":"DEADLINE_EXCEEDED","model_name":"mlp","model_version":"3","request_id":"r-1","peer":"ipv4:127.0.0.1:5",
      "trace_id":"0af7651916cd43dd8448eb211c80319c","stratum":"vip","rows":4,"queue_us":12,"execute_us":34,
      "total_us":50})"));
}

TEST(AccessEntry, ASlowRequestIsMarked) {
  AccessEntry entry = Entry();
  EXPECT_FALSE(Line(entry).contains("slow"));
  entry.slow = true;
  EXPECT_EQ(Line(entry)["slow"], true);
}

TEST(AccessEntry, WhatIsNotKnownIsLeftOut) {
  AccessEntry entry = Entry();
  entry.model_version = entry.stratum = entry.traceparent = "";
  const nlohmann::json line = Line(entry);
  EXPECT_FALSE(line.contains("model_version"));
  EXPECT_FALSE(line.contains("stratum"));
  EXPECT_FALSE(line.contains("trace_id"));
}

TEST(AccessEntry, WhateverTheCallerSendsTheLineCanBeRead) {
  AccessEntry entry = Entry();
  entry.model_name = "a\"b\\c\n\x01\x7f";
  entry.request_id = "\xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80 \xe2\x82";  // no UTF-8 but for the space
  entry.stratum = "Zürich €";
  const nlohmann::json line = Line(entry);
  EXPECT_EQ(line["model_name"], "a\"b\\c\n\x01\x7f");
  EXPECT_EQ(line["stratum"], "Zürich €");
  EXPECT_NE(line["request_id"].get<std::string>().find("\xef\xbf\xbd"), std::string::npos);
}

TEST(AccessEntry, LongTextsAreCutBetweenCharacters) {
  AccessEntry entry = Entry();
  entry.model_name = std::string(199, 'x') + "€" + std::string(100, 'y');
  EXPECT_EQ(Line(entry)["model_name"], std::string(199, 'x') + "€…");
}

TEST(TraceId, OfWellFormedTraceparentsOnly) {
  EXPECT_EQ(TraceId("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), "0af7651916cd43dd8448eb211c80319c");
  for (const char* text : {"", "00", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                           "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                           "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
                           "00-00000000000000000000000000000000-b7ad6b7169203331-01"}) {
    EXPECT_EQ(TraceId(text), "") << text;
  }
}

}  // namespace
}  // namespace driftserve
