#pragma once

#include <string_view>

#include "server/decode/decoded_request.h"
#include "server/sample/watched_model.h"

namespace driftserve {

/// Fills `decoded.strata` from the feature column that the model's strata are taken from, one per row. Numbers are
/// looked up by their shortest decimal text. REQUIRES: decoded.inputs are checked and the source is kFeature.
void ResolveStrataFromFeature(const WatchedModel& model, DecodedRequest& decoded);

/// One stratum for all rows, from a parameter's or metadata entry's text; empty: the default stratum.
void ResolveStrataFromText(const WatchedModel& model, std::string_view text, DecodedRequest& decoded);

}  // namespace driftserve
