#pragma once

#include <optional>
#include <string>

#include <ATen/core/Tensor.h>

#include "absl/status/status.h"
#include "server/base/data_type.h"
#include "server/base/text.h"
#include "server/execute/model_message.h"

namespace driftserve {

inline std::optional<c10::ScalarType> ToScalarType(DataType type) {
  switch (type) {
    case DataType::kBool:
      return c10::kBool;
    case DataType::kUint8:
      return c10::kByte;
    case DataType::kInt8:
      return c10::kChar;
    case DataType::kInt16:
      return c10::kShort;
    case DataType::kInt32:
      return c10::kInt;
    case DataType::kInt64:
      return c10::kLong;
    case DataType::kFp16:
      return c10::kHalf;
    case DataType::kBf16:
      return c10::kBFloat16;
    case DataType::kFp32:
      return c10::kFloat;
    case DataType::kFp64:
      return c10::kDouble;
    default:
      return std::nullopt;
  }
}

/// Runs `work`, which returns a Status, and turns every exception of the library into one: RESOURCE_EXHAUSTED when
/// memory ran out, else `code` with "`prefix`: the message".
template <typename Work>
absl::Status CatchTorch(absl::StatusCode code, const std::string& prefix, Work&& work) {
  std::string what;
  try {
    return work();
  } catch (const c10::OutOfMemoryError& error) {
    return absl::ResourceExhaustedError(Concat(prefix, ": ", ModelMessage(error.what_without_backtrace())));
  } catch (const c10::Error& error) {
    what = error.what_without_backtrace();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(Concat(prefix, ": memory ran out"));
  } catch (const std::exception& error) {
    what = error.what();
  } catch (...) {
    what = "an exception of unknown type";
  }
  if (SaysOutOfMemory(what)) code = absl::StatusCode::kResourceExhausted;
  return absl::Status(code, Concat(prefix, ": ", ModelMessage(what)));
}

}  // namespace driftserve
