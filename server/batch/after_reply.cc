#include "server/batch/after_reply.h"

#include <utility>

#include "server/tap/copy_rows.h"
#include "server/tap/decide.h"

namespace driftserve {
namespace {

uint64_t DecisionKey(const WatchedModel& model, const Inference& inference, uint64_t boot_id) {
  return model.settings().key == SamplingKey::kRequestId ? RequestIdKey(inference.request_id)
                                                         : SequenceKey(boot_id, inference.sequence);
}

size_t HeldBytes(const Inference& inference) {
  size_t bytes = inference.decoded.byte_size;
  for (const TensorView& output : inference.outputs) bytes += output.byte_size;
  return bytes;
}

void Describe(const Inference& inference, const SamplingRule& rule, KeptRows kept, Sample& sample) {
  sample.model = inference.model->watched.get();
  sample.request_id = inference.request_id;
  sample.request_sequence = inference.sequence;
  sample.rule_version = rule.version();
  sample.time_ns = inference.time_ns;
  sample.traceparent = inference.traceparent ? *inference.traceparent : inference.Traceparent();
  sample.rows = std::move(kept);
  sample.inputs = inference.decoded.inputs;
  sample.outputs = inference.outputs;
  sample.byte_size = HeldBytes(inference);
}

}  // namespace

void TapAnswered(std::unique_ptr<Inference>& inference, size_t thread, uint64_t boot_id, TapProducer& producer,
                 std::unique_ptr<SampleOwner>& spent) {
  WatchedModel& model = *inference->model->watched;
  const SamplingRule& rule = model.rule();
  const DecodedRequest& decoded = inference->decoded;
  const auto rows = static_cast<uint32_t>(decoded.rows);
  CountRows(model, thread, inference->time_ns, decoded.strata, rows);
  KeptRows kept;
  if (Decide(rule, DecisionKey(model, *inference, boot_id), decoded.strata, rows, kept) == 0) return;

  std::shared_ptr<Model> held;  // until the sample's rows are counted
  std::unique_ptr<Sample> sample = producer.NewSample();
  spent = std::move(sample->owner);
  Describe(*inference, rule, std::move(kept), *sample);
  if (!CopyKeptRows(decoded.rows, *sample)) {
    // The messages may wait long to be used again: an unloaded model's memory does not wait for that.
    held = std::move(inference->model);
    sample->owner = std::move(inference);
  }
  if (producer.Offer(sample)) return;
  if (sample->owner != nullptr) inference.reset(static_cast<Inference*>(sample->owner.release()));
  producer.Recycle(std::move(sample));
}

}  // namespace driftserve
