// Any bytes as a reference.pb: refused with a message, or usable in every way that a server uses it. Damaged content is
// also given a true hash, as if somebody had written it on purpose: the hash alone would stop nearly all of it.
#include <google/protobuf/stubs/logging.h>

#include "drift/profile/reference_file.h"
#include "drift/profile/reference_message.h"
#include "tests/fuzz/require.h"
#include "tests/fuzz/use_reference.h"

namespace {

std::string WithTrueHash(std::string_view bytes) {
  driftserve::v1::Reference message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::string(bytes);
  const auto content = drift::FromMessage(message);
  if (content.ok()) message.set_hash(drift::ContentHash(*content));
  return message.SerializeAsString();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const google::protobuf::LogSilencer silent;  // a line of every damaged name
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto reference = drift::ParseReference(bytes, "reference.pb");
  if (!reference.ok()) reference = drift::ParseReference(WithTrueHash(bytes), "reference.pb");
  ++(reference.ok() ? driftserve::inputs_read : driftserve::inputs_refused);
  if (reference.ok()) {
    drift::UseReference(*std::move(reference));
  } else {
    driftserve::Require(absl::IsInvalidArgument(reference.status()), "INVALID_ARGUMENT");
    driftserve::Require(reference.status().message().substr(0, 12) == "reference.pb", "a message that names the file");
  }
  return 0;
}
