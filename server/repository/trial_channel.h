#pragma once

#include <cstdint>
#include <string>

#include "google/protobuf/message_lite.h"

namespace driftserve {

/// The option by which the program is told to try models instead of serving them.
inline constexpr char kTrialOption[] = "--trial-model";

/// Messages over a stream socket, each after its length. False when the other side is gone or sent something else.
bool SendMessage(int socket, const google::protobuf::MessageLite& message);
bool ReceiveMessage(int socket, google::protobuf::MessageLite& message);

/// Writes `bytes` to the beginning of a file, or fills `bytes` from there. False with errno.
bool WriteWhole(int file, const std::string& bytes);
bool ReadWhole(int file, std::string& bytes);

}  // namespace driftserve
