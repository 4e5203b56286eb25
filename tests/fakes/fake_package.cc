// What AOTInductor compiles, by its C interface, without a compiler at test time: y = 2x over floats of any shape on
// the CPU. One positional argument, one result. It fails where an element is negative, and where inputs are checked and
// a batch has a single row; as such code does, it then says nothing more.
#include <cstdlib>
#include <string_view>

#include <torch/csrc/inductor/aoti_runtime/interface.h>

namespace {

struct Model {};

constexpr char kInputs[] =
    R"([1, {"type": "builtins.tuple", "context": "null", "children_spec": [)"
    R"({"type": "builtins.tuple", "context": "null", "children_spec": [)"
    R"({"type": null, "context": null, "children_spec": []}]},)"
    R"({"type": "builtins.dict", "context": "[]", "children_spec": []}]}])";
constexpr char kResult[] = R"([1, {"type": null, "context": null, "children_spec": []}])";

bool ChecksInputs() {
  const char* const asked = std::getenv("AOTI_RUNTIME_CHECK_INPUTS");
  return asked != nullptr && std::string_view(asked) == "1";
}

AtenTensorHandle Doubled(AtenTensorHandle input) {
  int64_t dims = 0, numbers = 0;
  int64_t *sizes = nullptr, *strides = nullptr;
  void *from = nullptr, *to = nullptr;
  AtenTensorHandle output = nullptr;
  aoti_torch_get_dim(input, &dims);
  aoti_torch_get_numel(input, &numbers);
  aoti_torch_get_sizes(input, &sizes);
  aoti_torch_get_strides(input, &strides);
  aoti_torch_get_data_ptr(input, &from);
  aoti_torch_empty_strided(dims, sizes, strides, aoti_torch_dtype_float32(), aoti_torch_device_type_cpu(), 0, &output);
  aoti_torch_get_data_ptr(output, &to);
  bool fails = ChecksInputs() && dims > 0 && sizes[0] < 2;
  for (int64_t i = 0; i < numbers; ++i) {
    const float value = static_cast<const float*>(from)[i];
    fails |= value < 0;
    static_cast<float*>(to)[i] = 2 * value;
  }
  if (!fails) return output;
  aoti_torch_delete_tensor_object(output);
  return nullptr;
}

}  // namespace

extern "C" {

AOTIRuntimeError AOTInductorModelContainerCreateWithDevice(AOTInductorModelContainerHandle* container, size_t,
                                                           const char*, const char*) {
  *container = reinterpret_cast<AOTInductorModelContainerHandle>(new Model());
  return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerDelete(AOTInductorModelContainerHandle container) {
  delete reinterpret_cast<Model*>(container);
  return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerRun(AOTInductorModelContainerHandle, AtenTensorHandle* inputs, size_t count,
                                              AtenTensorHandle* outputs, size_t, AOTInductorStreamHandle,
                                              AOTIProxyExecutorHandle) {
  outputs[0] = Doubled(inputs[0]);
  for (size_t i = 0; i < count; ++i) aoti_torch_delete_tensor_object(inputs[i]);
  return outputs[0] == nullptr ? AOTI_RUNTIME_FAILURE : AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerRunSingleThreaded(AOTInductorModelContainerHandle container,
                                                            AtenTensorHandle* inputs, size_t input_count,
                                                            AtenTensorHandle* outputs, size_t output_count,
                                                            AOTInductorStreamHandle stream,
                                                            AOTIProxyExecutorHandle proxy) {
  return AOTInductorModelContainerRun(container, inputs, input_count, outputs, output_count, stream, proxy);
}

AOTIRuntimeError AOTInductorModelContainerGetNumOutputs(AOTInductorModelContainerHandle, size_t* count) {
  *count = 1;
  return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetNumConstants(AOTInductorModelContainerHandle, size_t* count) {
  *count = 0;
  return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetCallSpec(AOTInductorModelContainerHandle, const char** inputs,
                                                      const char** result) {
  *inputs = kInputs;
  *result = kResult;
  return AOTI_RUNTIME_SUCCESS;
}

// Without constants there is nothing to name, change or fold.
AOTIRuntimeError AOTInductorModelContainerGetConstantName(AOTInductorModelContainerHandle, size_t, const char**) {
  return AOTI_RUNTIME_FAILURE;
}
AOTIRuntimeError AOTInductorModelContainerGetConstantOriginalFQN(AOTInductorModelContainerHandle, size_t,
                                                                 const char**) {
  return AOTI_RUNTIME_FAILURE;
}
AOTIRuntimeError AOTInductorModelContainerGetConstantDtype(AOTInductorModelContainerHandle, size_t, int32_t*) {
  return AOTI_RUNTIME_FAILURE;
}
AOTIRuntimeError AOTInductorModelContainerUpdateConstantBuffer(AOTInductorModelContainerHandle,
                                                               AOTInductorConstantMapHandle, bool, bool) {
  return AOTI_RUNTIME_FAILURE;
}
AOTIRuntimeError AOTInductorModelContainerUpdateInactiveConstantBuffer(AOTInductorModelContainerHandle,
                                                                       AOTInductorConstantMapHandle) {
  return AOTI_RUNTIME_FAILURE;
}
AOTIRuntimeError AOTInductorModelContainerRunConstantFolding(AOTInductorModelContainerHandle, bool,
                                                             AOTInductorStreamHandle, AOTIProxyExecutorHandle) {
  return AOTI_RUNTIME_SUCCESS;
}
AOTIRuntimeError AOTInductorModelContainerSwapConstantBuffer(AOTInductorModelContainerHandle) {
  return AOTI_RUNTIME_FAILURE;
}
AOTIRuntimeError AOTInductorModelContainerFreeInactiveConstantBuffer(AOTInductorModelContainerHandle) {
  return AOTI_RUNTIME_FAILURE;
}
AOTIRuntimeError AOTInductorModelContainerExtractConstantsMap(AOTInductorModelContainerHandle,
                                                              AOTInductorConstantMapHandle, bool) {
  return AOTI_RUNTIME_FAILURE;
}
AOTIRuntimeError AOTInductorModelContainerUpdateUserManagedConstantBuffer(AOTInductorModelContainerHandle,
                                                                          AOTInductorConstantMapHandle, bool, bool) {
  return AOTI_RUNTIME_FAILURE;
}
AOTIRuntimeError AOTInductorModelContainerGetConstantsBlobSize(AOTInductorModelContainerHandle, uint64_t*) {
  return AOTI_RUNTIME_FAILURE;
}
AOTIRuntimeError AOTInductorModelUpdateConstantsFromBlob(AOTInductorModelContainerHandle, const uint8_t*) {
  return AOTI_RUNTIME_FAILURE;
}

}  // extern "C"
