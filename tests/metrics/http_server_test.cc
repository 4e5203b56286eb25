#include "server/metrics/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/metrics/raw_client.h"

namespace driftserve {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr int64_t kPatient = 60'000;  // ms; nothing in a test waits so long

std::unique_ptr<HttpServer> Serve(HttpSettings settings = {"127.0.0.1:0", 64, kPatient, kPatient}) {
  auto server = HttpServer::Start(settings, &Clock::System(), [](const HttpRequest& request) {
    HttpReply reply;
    reply.body = "you asked for " + request.path + "\n" + std::string(4000, 'x');
    return reply;
  });
  EXPECT_TRUE(server.ok()) << server.status();
  return std::move(*server);
}

TEST(HttpServerTest, AnswersOneRequestAndCloses) {
  auto server = Serve();
  const std::string reply = RawClient(server->port()).Get("/abc?x=1");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(reply, HasSubstr("you asked for /abc\n"));
  EXPECT_THAT(reply, HasSubstr("Connection: close"));
  EXPECT_EQ(server->Counts().served, 1u);
}

TEST(HttpServerTest, TwentyFourHalfSentRequestsDelayNoOther) {
  auto server = Serve();
  std::vector<std::unique_ptr<RawClient>> halves;
  for (int i = 0; i < 24; ++i) {
    halves.push_back(std::make_unique<RawClient>(server->port()));
    ASSERT_TRUE(halves.back()->Send("GET /metrics HTTP/1.1\r\nHost: loc"));
  }
  // All 24 stay open for a minute; these are answered before.
  for (int i = 0; i < 8; ++i) EXPECT_THAT(RawClient(server->port()).Get("/"), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(server->Counts().served, 8u);
  EXPECT_EQ(server->Counts().incomplete, 0u);
  // And each half can still be completed.
  EXPECT_TRUE(halves[5]->Send("alhost\r\n\r\n"));
  EXPECT_THAT(halves[5]->ReceiveAll(), StartsWith("HTTP/1.1 200"));
}

TEST(HttpServerTest, ConnectionsAboveTheLimitAreClosedAndCounted) {
  auto server = Serve({"127.0.0.1:0", 3, kPatient, kPatient});
  std::vector<std::unique_ptr<RawClient>> open;
  for (int i = 0; i < 3; ++i) {
    open.push_back(std::make_unique<RawClient>(server->port()));
    ASSERT_TRUE(open.back()->Send("GET / HT"));
  }
  RawClient fourth(server->port());
  EXPECT_EQ(fourth.ReceiveAll(), "");
  EXPECT_EQ(server->Counts().refused, 1u);
  // Once one of them has ended there is room again.
  open[0]->Send("TP/1.1\r\n\r\n");
  EXPECT_THAT(open[0]->ReceiveAll(), StartsWith("HTTP/1.1 200"));
  std::string reply;
  while (reply.empty()) reply = RawClient(server->port()).Get("/");  // its thread may still be on its way back
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200"));
}

TEST(HttpServerTest, ARequestThatIsNotCompleteInTimeIsClosedHoweverItTrickles) {
  auto server = Serve({"127.0.0.1:0", 64, 30, kPatient});
  RawClient slow(server->port());
  // Bytes keep coming for as long as the connection takes them: the deadline is for the whole request.
  while (slow.Send("GET /metrics HTTP/1.1\r\nX: 1\r\n") && server->Counts().incomplete == 0) std::this_thread::yield();
  while (server->Counts().incomplete == 0) std::this_thread::yield();
  EXPECT_EQ(server->Counts().served, 0u);
}

TEST(HttpServerTest, ARequestWithoutAnEndIsNotReadForEver) {
  auto server = Serve();
  RawClient client(server->port());
  client.Send("GET / HTTP/1.1\r\n");
  std::string headers;
  for (int i = 0; i < 5000; ++i) headers += "X-" + std::to_string(i) + ": 12345678\r\n";
  client.Send(headers);
  EXPECT_THAT(client.ReceiveAll(), Not(StartsWith("HTTP/1.1 200")));
  while (server->Counts().incomplete == 0) std::this_thread::yield();
}

TEST(HttpServerTest, OnlyGetAndHeadAreTaken) {
  auto server = Serve();
  RawClient post(server->port());
  post.Send("POST /metrics HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  const std::string refused = post.ReceiveAll();
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(refused, HasSubstr("Allow: GET, HEAD"));

  RawClient head(server->port());
  head.Send("HEAD /metrics HTTP/1.1\r\n\r\n");
  const std::string reply = head.ReceiveAll();
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(reply, Not(HasSubstr("you asked for")));

  RawClient nonsense(server->port());
  nonsense.Send("\x16\x03\x01 nonsense\r\n\r\n");
  EXPECT_THAT(nonsense.ReceiveAll(), Not(StartsWith("HTTP/1.1 200")));
}

TEST(HttpServerTest, CompressesWithGzipAndNeverWithBrotli) {
  auto server = Serve();
  EXPECT_THAT(RawClient(server->port()).Get("/", "Accept-Encoding: br\r\n"), HasSubstr("you asked for /"));
  const std::string both = RawClient(server->port()).Get("/", "Accept-Encoding: br, gzip\r\n");
  EXPECT_THAT(both, HasSubstr("Content-Encoding: gzip"));
  EXPECT_THAT(both, Not(HasSubstr("you asked for /")));
}

TEST(HttpServerTest, ARangeIsAnsweredWithTheWhole) {
  auto server = Serve();
  const std::string reply = RawClient(server->port()).Get("/", "Range: bytes=0-3\r\n");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(reply, HasSubstr("you asked for /\n"));
}

TEST(HttpServerTest, APortInUseIsNamed) {
  auto server = Serve();
  const std::string address = "127.0.0.1:" + std::to_string(server->port());
  const auto second = HttpServer::Start({address, 4, kPatient, kPatient}, &Clock::System(), nullptr);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("cannot listen on operations.address " + address + ": Address already in use"));
}

TEST(HttpServerTest, AnAddressThatIsNoneIsNamed) {
  for (const char* address : {"8002", "localhost:", ":8002", "localhost:http", "localhost:70000"}) {
    const auto server = HttpServer::Start({address, 4, kPatient, kPatient}, &Clock::System(), nullptr);
    EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_THAT(std::string(server.status().message()), HasSubstr("expected host:port"));
  }
}

TEST(HttpServerTest, EndsWhileClientsAreStillHalfWay) {
  auto server = Serve();
  RawClient half(server->port());
  half.Send("GET / HT");
  server.reset();
  EXPECT_THAT(half.ReceiveAll(), Not(StartsWith("HTTP/1.1 200")));
}

}  // namespace
}  // namespace driftserve
