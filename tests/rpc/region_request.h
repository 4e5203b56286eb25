#pragma once

#include <cstdint>

#include "inference/grpc_service.pb.h"

namespace driftserve {

/// A ModelInfer of one row for `double`, from offset 0 of region "r" to offset 32.
inline inference::ModelInferRequest RegionRequest() {
  const auto place = [](auto& parameters, int64_t offset) {
    parameters["shared_memory_region"].set_string_param("r");
    parameters["shared_memory_byte_size"].set_int64_param(4);
    parameters["shared_memory_offset"].set_int64_param(offset);
  };
  inference::ModelInferRequest request;
  request.set_model_name("double");
  auto& input = *request.add_inputs();
  input.set_name("x");
  input.set_datatype("FP32");
  input.add_shape(1);
  input.add_shape(1);
  place(*input.mutable_parameters(), 0);
  auto& output = *request.add_outputs();
  output.set_name("y");
  place(*output.mutable_parameters(), 32);
  return request;
}

}  // namespace driftserve
