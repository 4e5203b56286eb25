#include "server/rpc/rpc_status.h"

#include <string>
#include <string_view>

#include "server/base/text.h"

namespace driftserve {
namespace {

// Of a text that is cut: as much from its end, where expected and got often stand.
constexpr size_t kEndBytes = 500;
constexpr size_t kBeginBytes = kMostMessageBytes - kEndBytes - 50;

bool ContinuesCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

std::string WithoutMiddle(std::string_view text) {
  size_t begin = kBeginBytes, end = text.size() - kEndBytes;
  while (begin > 0 && ContinuesCharacter(text[begin])) --begin;
  while (end < text.size() && ContinuesCharacter(text[end])) ++end;
  return Concat(text.substr(0, begin), " … (", end - begin, " bytes left out) … ", text.substr(end));
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string_view text(status.message().data(), status.message().size());
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      text.size() <= kMostMessageBytes ? std::string(text) : WithoutMiddle(text));
}

}  // namespace driftserve
