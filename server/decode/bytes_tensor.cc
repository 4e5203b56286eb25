#include "server/decode/bytes_tensor.h"

namespace driftserve {

void AppendBytesElement(std::string_view element, std::string& bytes) {
  const auto length = static_cast<uint32_t>(element.size());
  char prefix[sizeof(length)];
  std::memcpy(prefix, &length, sizeof(length));
  bytes.append(prefix, sizeof(prefix));
  bytes.append(element);
}

}  // namespace driftserve
