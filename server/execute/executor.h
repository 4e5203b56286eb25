#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/base/tensor.h"

namespace driftserve {

/// One request's part of a batch: its inputs, in the order of the model's inputs, optional ones perhaps absent. Where
/// the model batches, the first dimension of each is `rows`.
struct BatchItem {
  const TensorList* inputs;
  int64_t rows;
};

class AsyncGraph;

/// A thread's own copy of a loaded model: weights are shared, everything that a run changes is not.
///
/// Thread safety: used by one thread at a time, always the same one after warming.
class Graph {
 public:
  virtual ~Graph() = default;

  /// Runs all items as one batch; the caller has made sure that the same inputs are absent, and that their shapes agree
  /// but for the rows. On success `outputs` holds, in the order of the model's outputs, tensors over all rows, item
  /// after item, absent where the model returned None; their bytes live until the next Run. Errors: INTERNAL with the
  /// model's own message when it raised; INTERNAL when an output is not as the configuration says (naming it, expected,
  /// got); RESOURCE_EXHAUSTED when memory ran out; DeviceFault() when the device failed for good.
  virtual absl::Status Run(absl::Span<const BatchItem> items, TensorList& outputs) = 0;

  /// This graph where its batches may be under way while the caller does something else (async_graph.h), else null.
  virtual AsyncGraph* async() { return nullptr; }
};

/// A loaded model version on one device.
///
/// Thread safety: NewGraph may be called by any thread; graphs keep what they need alive.
class Executable {
 public:
  virtual ~Executable() = default;
  virtual absl::StatusOr<std::unique_ptr<Graph>> NewGraph() = 0;
  /// True when the module writes to its own state while running: such a model is never run by the pollers.
  virtual bool writes_own_state() const = 0;
};

/// One tensor of a model's signature. `dims` without the rows' dimension where the model batches; −1: any.
struct TensorSpec {
  std::string name;
  DataType type = DataType::kInvalid;
  std::vector<int64_t> dims;
  bool optional = false;
};

enum class DeviceKind { kCpu, kGpu };

/// What a loader must know of a model's configuration.
struct LoadRequest {
  std::string model_name;
  std::string file;          // for messages
  std::shared_ptr<const std::string> bytes;  // the model file's content: what was tried is what is installed
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
  bool batches = true;       // max_batch_size > 0
  DeviceKind device = DeviceKind::kCpu;
  int device_index = 0;
  int intra_op_threads = 1;
  int64_t max_rows = 1;       // of a batch
  bool cuda_graphs = false;   // record a run per bucket while warming, and replay it
  int runners = 1;            // how many threads run it at a time
  std::string unpack_folder;  // where native code is unpacked; empty: the system's folder for temporary files
};

/// What a model file says of itself, for a configuration that leaves inputs or outputs out.
struct ModuleSignature {
  std::vector<std::string> argument_names;
  std::vector<std::string> argument_types;  // TorchScript's spelling: "Tensor", "List[str]"
  std::vector<std::string> result_types;
};

/// Turns a model file into an executable. Thread-safe. Every exception of the library becomes a Status.
class Loader {
 public:
  virtual ~Loader() = default;

  /// INVALID_ARGUMENT when the bytes are not a model or the module's arguments do not fit the configuration.
  virtual absl::StatusOr<std::shared_ptr<Executable>> Load(const LoadRequest& request) = 0;

  virtual absl::StatusOr<ModuleSignature> Signature(const std::string& file, const std::string& bytes) = 0;

  /// Devices of the kind that this machine and build can use; CPU always 1.
  virtual int DeviceCount(DeviceKind kind) const = 0;
};

}  // namespace driftserve
