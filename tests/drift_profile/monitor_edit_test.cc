#include "drift/profile/monitor_edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drift/profile/monitor_file.h"

namespace drift {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kFeatures = "features: [{name: x, input: x, type: numeric}]\n";

ThresholdSettings Wanted() {
  ThresholdSettings wanted;
  wanted.psi_warn = 0.031;
  wanted.psi_alert = 0.0775;
  wanted.ks_warn = 0.05;
  wanted.ks_alert = 0.1;
  return wanted;
}

std::string Edit(const std::string& text, const std::string& comment = "") {
  const auto edited = EditTolerances(text, "monitor.yaml", Wanted(), comment);
  return edited.ok() ? *edited : std::string(edited.status().message());
}

TEST(MonitorEditTest, FlowStyleKeepsOrderSpacesAndComments) {
  EXPECT_EQ(Edit(std::string(kFeatures) +
                 "thresholds: {psi: {alert: 0.25,  warn: 0.1}, ks: {warn: 0.1, alert: 0.2}, alpha: 0.05}  # ours\n"
                 "window:     {length: 1h}\n"),
            std::string(kFeatures) +
                "thresholds: {psi: {alert: 0.0775,  warn: 0.031}, ks: {warn: 0.05, alert: 0.1}, alpha: 0.05}  # ours\n"
                "window:     {length: 1h}\n");
}

TEST(MonitorEditTest, BlockStyleKeepsOrderSpacesAndComments) {
  EXPECT_EQ(Edit(std::string("# the demo\n") + kFeatures +
                 "thresholds:\n"
                 "  alpha: 0.05\n"
                 "  psi:            # of the deciles\n"
                 "    warn:  0.1    # Lewis, 1994\n"
                 "    alert: 0.25\n"
                 "  ks: {warn: 0.1,\n"
                 "       alert: 0.2}\n"),
            std::string("# the demo\n") + kFeatures +
                "thresholds:\n"
                "  alpha: 0.05\n"
                "  psi:            # of the deciles\n"
                "    warn:  0.031    # Lewis, 1994\n"
                "    alert: 0.0775\n"
                "  ks: {warn: 0.05,\n"
                "       alert: 0.1}\n");
}

TEST(MonitorEditTest, AddsWhatWasNotStated) {
  EXPECT_EQ(Edit(std::string(kFeatures) + "thresholds: {psi: {warn: 0.1}}"),
            std::string(kFeatures) +
                "thresholds: {ks: {alert: 0.1, warn: 0.05}, psi: {alert: 0.0775, warn: 0.031}}");
  EXPECT_EQ(Edit(std::string(kFeatures) + "thresholds:\n  psi:\n    warn: 0.1\n"),
            std::string(kFeatures) +
                "thresholds:\n  ks: {alert: 0.1, warn: 0.05}\n  psi:\n    alert: 0.0775\n    warn: 0.031\n");
  const std::string added = Edit("features: [{name: x, input: x, type: numeric}]");  // without an end of line
  EXPECT_THAT(added, StartsWith(kFeatures));
  EXPECT_THAT(added, HasSubstr("\nthresholds: {ks: {alert: 0.1, warn: 0.05}, psi: {alert: 0.0775, warn: 0.031}}\n"));
  EXPECT_THAT(Edit("{features: [{name: x, input: x, type: numeric}]}"), StartsWith("{thresholds: {ks: {"));
}

TEST(MonitorEditTest, TheCommentStandsAboveTheSectionAndReplacesTheOneOfBefore) {
  const std::string text = std::string(kFeatures) + "# ours\nthresholds: {alpha: 0.05}\n";
  const std::string once = Edit(text, "rate 0.01\nhash 1234");
  EXPECT_THAT(once, HasSubstr("# ours\n# drift calibrate: rate 0.01\n# drift calibrate: hash 1234\nthresholds: {"));
  const std::string twice = Edit(once, "rate 0.05");
  EXPECT_THAT(twice, HasSubstr("# ours\n# drift calibrate: rate 0.05\nthresholds: {"));
  EXPECT_EQ(Edit(twice, "rate 0.05"), twice);
}

TEST(MonitorEditTest, LinesMayEndAsInWindows) {
  EXPECT_EQ(Edit("features: [{name: x, input: x, type: numeric}]\r\nthresholds:\r\n  psi:\r\n    warn: 0.1\r\n"),
            "features: [{name: x, input: x, type: numeric}]\r\nthresholds:\r\n  ks: {alert: 0.1, warn: 0.05}\r\n"
            "  psi:\r\n    alert: 0.0775\r\n    warn: 0.031\r\n");
}

TEST(MonitorEditTest, NamesBeyondAsciiDoNotMoveThePlace) {
  EXPECT_THAT(Edit("features: [{name: Größe, input: x, type: numeric}] # größer\n"
                   "thresholds: {psi: {warn: 0.1, alert: 0.25}} # ψ\n"),
              HasSubstr("psi: {warn: 0.031, alert: 0.0775}} # ψ\n"));
}

TEST(MonitorEditTest, RefusesWhatItCannotEditAndSaysWhatToSet) {
  EXPECT_THAT(Edit(std::string(kFeatures) + "thresholds: {psi: &p {warn: 0.1, alert: 0.25}, ks: *p}\n"),
              HasSubstr("monitor.yaml"));
  EXPECT_THAT(Edit(std::string(kFeatures) + "thresholds: {psi: {warn: &w 0.1, alert: 0.25}, ks: {warn: *w}}\n"),
              HasSubstr("by hand"));
  EXPECT_THAT(Edit(std::string(kFeatures) + "thresholds: {psi: {warn: high}}\n"),
              HasSubstr("monitor.yaml:2:26: key 'thresholds.psi.warn'"));
  EXPECT_THAT(Edit("features: ["), HasSubstr("monitor.yaml"));
}

TEST(MonitorEditTest, WhatComesOutIsReadAsWhatWasAsked) {
  const auto read = ParseMonitor(Edit(kFeatures, "rate"), "monitor.yaml");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->thresholds.psi_warn, 0.031);
  EXPECT_EQ(read->thresholds.ks_alert, 0.1);
}

}  // namespace
}  // namespace drift
