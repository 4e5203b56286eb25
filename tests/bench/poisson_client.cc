// Sends one gRPC request over and over, at times of a Poisson process that do not depend on the answers, and notes how
// long after its intended time each was answered. What a client library costs per call would be most of a core at these
// rates, so this speaks HTTP/2 itself: as much of it as one unary call to a gRPC server on this machine needs.
//
//   poisson_client PORT METHOD BODY RATE SECONDS SEED OUT
//
// METHOD is the path, BODY a file with the call's data (five bytes of prefix, then the message), RATE in calls per
// second. OUT gets two doubles a call: its intended time and its latency, both in seconds, the first from the start.
// It spins: give it a core of its own. Ends with 1 where a call failed or was not answered.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int kConnections = 4;
constexpr size_t kStreamsPerConnection = 100;
constexpr double kPatienceSeconds = 10;
constexpr uint32_t kLargestWindow = 0x7fffffff;
constexpr size_t kFrameHeader = 9;

enum FrameType : uint8_t { kData = 0, kHeaders = 1, kReset = 3, kSettings = 4, kPing = 6, kGoAway = 7, kWindow = 8 };
constexpr uint8_t kAck = 1, kEndStream = 1, kEndHeaders = 4;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "poisson_client: %s\n", what.c_str());
  std::exit(1);
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string BigEndian(uint32_t value) {
  const uint32_t swapped = htonl(value);
  return std::string(reinterpret_cast<const char*>(&swapped), sizeof(swapped));
}

uint32_t ReadBigEndian(const char* bytes) {
  uint32_t value = 0;
  std::copy_n(bytes, sizeof(value), reinterpret_cast<char*>(&value));
  return ntohl(value);
}

std::string Frame(FrameType type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string frame = BigEndian(static_cast<uint32_t>(payload.size())).substr(1);
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  return frame.append(BigEndian(stream)).append(payload);
}

// Strings of HPACK under 127 bytes, not compressed.
std::string Literal(std::string_view text) {
  if (text.size() >= 127) Fail("a header is too long: " + std::string(text));
  return std::string(1, static_cast<char>(text.size())).append(text);
}

// The request's headers. The first of a connection puts four into the table that both sides keep, which makes each
// later one six bytes, as it is with any HTTP/2 client.
std::string FirstHeaders(std::string_view path) {
  return "\x83\x86" + ("\x44" + Literal(path)) + ("\x41" + Literal("127.0.0.1")) +
         ("\x5f" + Literal("application/grpc")) + ("\x40" + Literal("te") + Literal("trailers"));
}
constexpr std::string_view kLaterHeaders = "\x83\x86\xc1\xc0\xbf\xbe";

struct Call {
  double intended = 0;
  double latency = -1;  // < 0: not answered
};

// One connection. Calls wait here where the server's bounds on streams or data ask for it; that counts as latency.
class Connection {
 public:
  Connection(int port, std::string_view path, std::string_view body) : path_(path), body_(body) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) Fail("cannot connect");
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ::fcntl(socket_, F_SETFL, O_NONBLOCK);
    constexpr std::string_view kInitialWindowSize("\0\4", 2);
    out_ = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    out_ += Frame(kSettings, 0, 0, std::string(kInitialWindowSize) + BigEndian(kLargestWindow));
    out_ += Frame(kWindow, 0, 0, BigEndian(kLargestWindow - 65535));
  }
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;

  void Add(Call* call) { waiting_.push_back(call); }

  // Sends what may be sent and takes what has come; returns how many calls were answered.
  int Turn() {
    while (!waiting_.empty() && open_ < kStreamsPerConnection && window_ >= static_cast<int64_t>(body_.size())) {
      Begin(waiting_.front());
      waiting_.pop_front();
    }
    Send();
    Receive();
    return Parse();
  }

 private:
  struct Stream {
    Call* call = nullptr;
    bool answered = false;  // a message came: an error of gRPC's has none
  };

  void Begin(Call* call) {
    const uint32_t stream = 2 * static_cast<uint32_t>(streams_.size()) + 1;
    const std::string headers = streams_.empty() ? FirstHeaders(path_) : std::string(kLaterHeaders);
    out_ += Frame(kHeaders, kEndHeaders, stream, headers);
    out_ += Frame(kData, kEndStream, stream, body_);
    window_ -= static_cast<int64_t>(body_.size());
    streams_.push_back({call});
    ++open_;
  }

  void Send() {
    if (out_.empty()) return;
    const ssize_t sent = ::send(socket_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent > 0) out_.erase(0, static_cast<size_t>(sent));
    if (sent < 0 && errno != EAGAIN) Fail("the connection broke while sending");
  }

  void Receive() {
    char bytes[65536];
    const ssize_t received = ::recv(socket_, bytes, sizeof(bytes), 0);
    if (received > 0) in_.append(bytes, static_cast<size_t>(received));
    if (received == 0 || (received < 0 && errno != EAGAIN)) Fail("the server closed the connection");
  }

  int Parse() {
    int answered = 0;
    size_t begin = 0;
    while (in_.size() - begin >= kFrameHeader) {
      const size_t length = ReadBigEndian(in_.data() + begin) >> 8;
      if (in_.size() - begin < kFrameHeader + length) break;
      answered += Take(std::string_view(in_).substr(begin, kFrameHeader + length));
      begin += kFrameHeader + length;
    }
    in_.erase(0, begin);
    return answered;
  }

  // One frame; returns 1 where it ends a call.
  int Take(std::string_view frame) {
    const auto type = static_cast<FrameType>(frame[3]);
    const uint8_t flags = static_cast<uint8_t>(frame[4]);
    const uint32_t stream = ReadBigEndian(frame.data() + 5);
    const std::string_view payload = frame.substr(kFrameHeader);
    if (type == kSettings && (flags & kAck) == 0) out_ += Frame(kSettings, kAck, 0, {});
    if (type == kPing && (flags & kAck) == 0) out_ += Frame(kPing, kAck, 0, payload);
    if (type == kWindow && stream == 0) window_ += ReadBigEndian(payload.data());
    if (type == kGoAway || type == kReset) Fail("the server gave up a call or the connection");
    if (type == kData && payload.size() > 5) At(stream).answered = true;
    return type == kHeaders && (flags & kEndStream) != 0 ? End(At(stream)) : 0;
  }

  Stream& At(uint32_t stream) {
    if (stream / 2 >= streams_.size()) Fail("an answer to a call that was not made");
    return streams_[stream / 2];
  }

  int End(const Stream& stream) {
    if (!stream.answered) Fail("a call ended without an answer");
    stream.call->latency = Now() - stream.call->intended;
    --open_;
    return 1;
  }

  const std::string path_, body_;
  int socket_ = -1;
  int64_t window_ = 65535;  // bytes of data that the server takes now
  size_t open_ = 0;
  std::string out_, in_;
  std::vector<Stream> streams_;
  std::deque<Call*> waiting_;
};

// Times from 0 on.
std::vector<Call> Arrivals(double rate, double seconds, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> gap(rate);
  std::vector<Call> calls;
  for (double time = gap(random); time < seconds; time += gap(random)) calls.push_back({time});
  return calls;
}

void Run(std::vector<Call>& calls, std::vector<std::unique_ptr<Connection>>& connections) {
  const double start = Now() + 0.05;
  for (Call& call : calls) call.intended += start;
  const double limit = calls.back().intended + kPatienceSeconds;
  size_t sent = 0, answered = 0;
  while (answered < calls.size()) {
    const double now = Now();
    for (; sent < calls.size() && calls[sent].intended <= now; ++sent) {
      connections[sent % connections.size()]->Add(&calls[sent]);
    }
    for (const auto& connection : connections) answered += static_cast<size_t>(connection->Turn());
    if (now > limit) Fail(std::to_string(calls.size() - answered) + " calls were not answered");
  }
  for (Call& call : calls) call.intended -= start;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fprintf(stderr, "usage: poisson_client PORT METHOD BODY RATE SECONDS SEED OUT\n");
    return 2;
  }
  std::ifstream file(argv[3], std::ios::binary);
  const std::string body((std::istreambuf_iterator<char>(file)), {});
  if (body.size() <= 5 || body.size() > 16384) Fail("the body has to have 6 to 16384 bytes");
  std::vector<Call> calls = Arrivals(std::atof(argv[4]), std::atof(argv[5]), std::strtoull(argv[6], nullptr, 10));
  if (calls.empty()) Fail("RATE and SECONDS make no call");
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < kConnections; ++i) {
    connections.push_back(std::make_unique<Connection>(std::atoi(argv[1]), argv[2], body));
  }
  Run(calls, connections);
  std::ofstream out(argv[7], std::ios::binary);
  out.write(reinterpret_cast<const char*>(calls.data()), static_cast<std::streamsize>(calls.size() * sizeof(Call)));
  if (!out.flush()) Fail("cannot write " + std::string(argv[7]));
  std::printf("%zu calls answered\n", calls.size());
}
