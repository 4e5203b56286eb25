// What a request to the benchmark's model costs, the model on the calling thread: `mlp_cost REQUESTS`.
#include <cstdlib>

#include "server/execute/torchscript_loader.h"
#include "server/repository/warm.h"
#include "tests/cost/request_cost.h"
#include "tests/fakes/torch_models.h"

namespace driftserve {
namespace {

int Serve(int requests) {
  LoadRequest request;
  request.model_name = "mlp";
  request.bytes = std::make_shared<std::string>(fakes::MakeMlp());
  request.inputs = {{"features", DataType::kFp32, {8}}};
  request.outputs = {{"score", DataType::kFp32, {1}}};
  ModelSettings settings;
  settings.max_batch_size = 1;
  settings.inputs = request.inputs;
  settings.buckets = {1};
  settings.warm_dims = {{8}};
  const std::unique_ptr<Loader> loader = MakeTorchScriptLoader();
  const auto executable = loader->Load(request);
  if (!executable.ok()) return 1;
  auto graph = (*executable)->NewGraph();
  if (!graph.ok() || !WarmGraph(**graph, settings).ok()) return 1;
  return ServeRequests(*std::move(graph), requests);
}

}  // namespace
}  // namespace driftserve

int main(int argc, char** argv) { return argc == 2 ? driftserve::Serve(std::atoi(argv[1])) : 2; }
