#include "server/observe/keyed_hash.h"

#include <cstring>
#include <string>

#include <gtest/gtest.h>

namespace driftserve {
namespace {

constexpr char kKeyText[] = "000102030405060708090a0b0c0d0e0f";

uint64_t Number(const std::string& hash) {
  uint64_t number = 0;
  EXPECT_EQ(hash.size(), sizeof(number));
  std::memcpy(&number, hash.data(), sizeof(number));
  return number;
}

// The test vectors of the SipHash paper: key 00 … 0f, text 00 01 02 ….
TEST(KeyedHashTest, AgreesWithThePublishedVectors) {
  const HashKey key = *HashKeyFromText(kKeyText);
  std::string text;
  for (char c = 0; c < 15; ++c) text.push_back(c);
  EXPECT_EQ(Number(KeyedHash("", key)), 0x726fdb47dd0e0e31u);
  EXPECT_EQ(Number(KeyedHash(text.substr(0, 1), key)), 0x74f839c593dc67fdu);
  EXPECT_EQ(Number(KeyedHash(text, key)), 0xa129ca6149be45e5u);
}

TEST(KeyedHashTest, AnotherKeyGivesAnotherHash) {
  const HashKey key = *HashKeyFromText(kKeyText), other = {1, 2};
  EXPECT_NE(KeyedHash("UA", key), KeyedHash("UA", other));
  EXPECT_EQ(KeyedHash("UA", key), KeyedHash("UA", key));
}

TEST(KeyedHashTest, AKeyIsThirtyTwoHexadecimalDigits) {
  EXPECT_TRUE(HashKeyFromText("FFeeDDccBBaa99887766554433221100"));
  EXPECT_FALSE(HashKeyFromText(""));
  EXPECT_FALSE(HashKeyFromText("000102030405060708090a0b0c0d0e0"));
  EXPECT_FALSE(HashKeyFromText("000102030405060708090a0b0c0d0e0g"));
}

}  // namespace
}  // namespace driftserve
