#include "server/repository/config_fields.h"

#include <algorithm>
#include <array>

namespace driftserve {
namespace {

constexpr std::string_view kHonoured = "";
constexpr std::string_view kRagged = "batches of unequal shapes are not made; leave it out";
constexpr std::string_view kReshape =
    "shapes are not changed on the way; give dims as the module takes or returns them";
constexpr std::string_view kShapeTensor = "only TensorRT has such tensors; leave it out";
constexpr std::string_view kResources = "instances are not limited by resources; use instance_group.count";
constexpr std::string_view kStateless = "this server serves stateless models only";

// Every field of ModelConfig; a test compares this with the message's own description.
constexpr auto kRules = std::to_array<FieldRule>({
    {"name", kHonoured},
    {"platform", kHonoured},
    {"backend", kHonoured},
    {"runtime", "the one runtime is LibTorch; leave it out"},
    {"version_policy", kHonoured},
    {"version_policy.latest", kHonoured},
    {"version_policy.latest.num_versions", kHonoured},
    {"version_policy.all", kHonoured},
    {"version_policy.specific", kHonoured},
    {"version_policy.specific.versions", kHonoured},
    {"max_batch_size", kHonoured},
    {"input", kHonoured},
    {"input.name", kHonoured},
    {"input.data_type", kHonoured},
    {"input.format", "image layouts are not interpreted; leave it out"},
    {"input.dims", kHonoured},
    {"input.reshape", kReshape},
    {"input.is_shape_tensor", kShapeTensor},
    {"input.allow_ragged_batch", kRagged},
    {"input.optional", kHonoured},
    {"input.is_non_linear_format_io", kShapeTensor},
    {"output", kHonoured},
    {"output.name", kHonoured},
    {"output.data_type", kHonoured},
    {"output.dims", kHonoured},
    {"output.reshape", kReshape},
    {"output.label_filename", "the classification extension is not served; leave it out"},
    {"output.is_shape_tensor", kShapeTensor},
    {"output.is_non_linear_format_io", kShapeTensor},
    {"batch_input", kRagged},
    {"batch_output", kRagged},
    {"optimization", kHonoured},
    {"optimization.graph", "modules are always frozen and optimised; leave it out"},
    {"optimization.priority", "instances have no priorities; leave it out"},
    {"optimization.cuda", kHonoured},
    {"optimization.cuda.graphs", kHonoured},
    {"optimization.cuda.busy_wait_events", kHonoured},
    {"optimization.cuda.graph_spec", "a run of every bucket is recorded; leave it out"},
    {"optimization.cuda.output_copy_stream", kHonoured},
    {"optimization.execution_accelerators", "no accelerator but LibTorch is used; leave it out"},
    // Hints about copies: taken, and without effect where nothing is copied.
    {"optimization.input_pinned_memory", kHonoured},
    {"optimization.input_pinned_memory.enable", kHonoured},
    {"optimization.output_pinned_memory", kHonoured},
    {"optimization.output_pinned_memory.enable", kHonoured},
    {"optimization.gather_kernel_buffer_threshold", kHonoured},
    {"optimization.eager_batching", kHonoured},
    {"dynamic_batching", kHonoured},
    {"dynamic_batching.preferred_batch_size", kHonoured},
    {"dynamic_batching.max_queue_delay_microseconds", kHonoured},
    {"dynamic_batching.preserve_ordering", kHonoured},
    {"dynamic_batching.priority_levels", kHonoured},
    {"dynamic_batching.default_priority_level", kHonoured},
    {"dynamic_batching.default_queue_policy", kHonoured},
    {"dynamic_batching.default_queue_policy.timeout_action", kHonoured},
    {"dynamic_batching.default_queue_policy.default_timeout_microseconds", kHonoured},
    {"dynamic_batching.default_queue_policy.allow_timeout_override", kHonoured},
    {"dynamic_batching.default_queue_policy.max_queue_size", kHonoured},
    {"dynamic_batching.priority_queue_policy", kHonoured},
    {"dynamic_batching.priority_queue_policy.value", kHonoured},
    {"dynamic_batching.priority_queue_policy.value.timeout_action", kHonoured},
    {"dynamic_batching.priority_queue_policy.value.default_timeout_microseconds", kHonoured},
    {"dynamic_batching.priority_queue_policy.value.allow_timeout_override", kHonoured},
    {"dynamic_batching.priority_queue_policy.value.max_queue_size", kHonoured},
    {"sequence_batching", kStateless},
    {"ensemble_scheduling", "ensembles are not served; call the models one after the other"},
    {"instance_group", kHonoured},
    {"instance_group.name", kHonoured},
    {"instance_group.kind", kHonoured},
    {"instance_group.count", kHonoured},
    {"instance_group.rate_limiter", kResources},
    {"instance_group.gpus", kHonoured},
    {"instance_group.secondary_devices", "there are no such devices; leave it out"},
    {"instance_group.profile", "only TensorRT has profiles; leave it out"},
    {"instance_group.passive", "every instance serves; leave it out"},
    {"instance_group.host_policy", kResources},
    {"default_model_filename", kHonoured},
    {"cc_model_filenames", "one file serves every device; use default_model_filename"},
    {"metric_tags", "the labels of metrics are fixed, so that their number is bounded; leave it out"},
    {"parameters", kHonoured},
    {"parameters.value", kHonoured},
    {"parameters.value.string_value", kHonoured},
    {"model_warmup", kHonoured},
    {"model_warmup.name", kHonoured},
    {"model_warmup.batch_size", kHonoured},
    {"model_warmup.count", kHonoured},
    {"model_warmup.inputs", kHonoured},
    {"model_warmup.inputs.value", kHonoured},
    {"model_warmup.inputs.value.data_type", kHonoured},
    {"model_warmup.inputs.value.dims", kHonoured},
    {"model_warmup.inputs.value.zero_data", kHonoured},
    {"model_warmup.inputs.value.random_data", kHonoured},
    {"model_warmup.inputs.value.input_data_file",
     "warming reads no files; give zero_data or random_data"},
    {"model_operations", "no libraries are loaded into the server; leave it out"},
    {"model_transaction_policy", "one request has one answer; leave it out"},
    {"model_repository_agents", "models are served as they lie in the repository; leave it out"},
    {"response_cache", "answers are not cached; leave it out"},
    {"model_metrics", "the buckets of histograms are fixed; leave it out"},
});

}  // namespace

const FieldRule* FindFieldRule(std::string_view path) {
  const auto rule = std::find_if(kRules.begin(), kRules.end(), [path](const FieldRule& r) { return r.path == path; });
  return rule == kRules.end() ? nullptr : &*rule;
}

}  // namespace driftserve
