#pragma once

#include <cstdint>
#include <memory>

#include "server/batch/inference.h"
#include "server/tap/tap.h"

namespace driftserve {

/// What the tap does with one answered request: counts its rows by stratum, decides row by row, and hands the request
/// over when a row is kept. Nothing here can fail, wait or be seen by the caller.
///
/// `thread`: the serving thread's index; `boot_id` keys the decision together with the request's sequence. The request
/// is left where it was when nothing was kept or the ring was full (its kept rows are then counted as dropped), and is
/// moved into the sample otherwise. When the sample was recycled from one with an owner, that owner comes back
/// through `spent`.
void TapAnswered(std::unique_ptr<Inference>& inference, size_t thread, uint64_t boot_id, TapProducer& producer,
                 std::unique_ptr<SampleOwner>& spent);

}  // namespace driftserve
