#include "drift/report/text.h"

#include <gtest/gtest.h>

namespace drift {
namespace {

TEST(TextTest, KeepsWellFormedCharacters) {
  EXPECT_EQ(Utf8("plain"), "plain");
  EXPECT_EQ(Utf8("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9b\xab"), "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9b\xab");
}

TEST(TextTest, EscapesWhatIsNoCharacter) {
  EXPECT_EQ(Utf8("caf\xe9"), "caf\\xe9");                       // Latin-1
  EXPECT_EQ(Utf8("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(Utf8("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(Utf8("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_EQ(Utf8("\xe2\x82"), "\\xe2\\x82");                    // cut off
  EXPECT_EQ(Utf8(std::string_view("a\0b\n\x7f\x1b", 6)), "a\\x00b\\x0a\\x7f\\x1b");
  EXPECT_EQ(Utf8("\xc2\x85"), "\\xc2\\x85");  // a C1 control
  EXPECT_EQ(Utf8("a\xe2\x80\xae"
                 "b"),
            "a\\xe2\\x80\\xaeb");  // right-to-left override
  EXPECT_EQ(Utf8("\xe2\x81\xa6\xe2\x80\xa8"), "\\xe2\\x81\\xa6\\xe2\\x80\\xa8");
}

TEST(TextTest, CutsLongTextsBetweenCharacters) {
  EXPECT_EQ(Utf8("abcdef", 4), "abcd…");
  EXPECT_EQ(Utf8("abc\xe2\x82\xac", 4), "abc…");
  EXPECT_EQ(Utf8("abc\xff", 5), "abc…");
}

TEST(TextTest, HtmlCannotLeaveItsPlace) {
  EXPECT_EQ(Html("<script>\"x\"&'y'"), "&lt;script&gt;&quot;x&quot;&amp;&#39;y&#39;");
}

}  // namespace
}  // namespace drift
