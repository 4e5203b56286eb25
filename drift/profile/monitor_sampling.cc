#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "absl/strings/str_format.h"
#include "drift/profile/monitor_sections.h"
#include "drift/profile/text.h"

namespace drift {
namespace {

constexpr size_t kMaxStrata = 64;

/// The stratum of a row is the text of a value, so a feature that gives it must not be a number with a scale.
void CheckStratumFeature(Fields& stratum, const MonitorSettings& settings) {
  const std::string& name = settings.sampling.stratum_name;
  const auto found = std::find_if(settings.features.begin(), settings.features.end(),
                                  [&name](const FeatureSpec& spec) { return spec.name == name; });
  if (found == settings.features.end()) {
    stratum.Refuse("feature", "the name of one of the features", Concat("'", name, "'"));
  } else if (found->kind == Kind::kNumeric || found->reduced()) {
    stratum.Refuse("feature", "a categorical feature: its values name the strata",
                   Concat("'", name, found->kind == Kind::kNumeric ? "', which is numeric" : "', which is reduced"));
  }
}

void ReadStratum(Fields& fields, MonitorSettings& settings) {
  fields.ReadSection("stratum", [&settings](Fields& stratum) {
    const std::pair<std::string_view, StratumFrom> sources[] = {{"feature", StratumFrom::kFeature},
                                                                {"metadata", StratumFrom::kMetadata},
                                                                {"parameter", StratumFrom::kParameter}};
    int given = 0;
    for (const auto& [key, from] : sources) {
      given += stratum.Find(key) ? 1 : 0;
      if (stratum.Read(key, &settings.sampling.stratum_name)) settings.sampling.stratum_from = from;
    }
    if (given != 1) {
      stratum.faults().Add(stratum.mark(), "sampling.stratum", "exactly one of feature, metadata, parameter",
                           Concat(given, " of them"));
    } else if (settings.sampling.stratum_from == StratumFrom::kFeature) {
      CheckStratumFeature(stratum, settings);
    }
  });
}

void ReadRates(Fields& fields, SamplingSettings& sampling) {
  const auto node = fields.Find("rates");
  if (!node) return;
  Fields rates(*node, fields.PathOf("rates"), &fields.faults());
  sampling.rates.clear();
  for (const std::string& stratum : rates.keys()) {
    if (stratum.empty() || stratum == "default" || stratum == "other") {
      rates.Refuse(stratum, "a stratum's name; 'default' and 'other' are taken (use default_rate)",
                   Concat("'", stratum, "'"));
      continue;
    }
    double rate;
    if (rates.Read(stratum, 0.0, 1.0, &rate)) sampling.rates[stratum] = rate;
  }
  if (sampling.rates.size() > kMaxStrata) {
    fields.Refuse("rates", Concat("at most ", kMaxStrata, " strata"), Concat(sampling.rates.size()));
  }
}

}  // namespace

void ReadSampling(Fields& document, MonitorSettings& settings) {
  SamplingSettings& sampling = settings.sampling;
  document.ReadSection("sampling", [&](Fields& fields) {
    int key;
    if (fields.ReadChoice("key", {"sequence", "request_id"}, &key)) sampling.key = static_cast<SamplingKeySource>(key);
    ReadStratum(fields, settings);
    ReadRates(fields, sampling);
    fields.Read("default_rate", 0.0, 1.0, &sampling.default_rate);
    fields.ReadUnsigned("seed", &sampling.seed);
    if (!sampling.rates.empty() && sampling.stratum_from == StratumFrom::kNone && !fields.Find("stratum")) {
      fields.Refuse("rates", "sampling.stratum, which says where a row's stratum comes from", "rates alone");
    }
  });
  sampling.rule_version = RuleVersion(sampling);
}

int RuleVersion(const SamplingSettings& sampling) {
  std::string content =
      Concat(static_cast<int>(sampling.key), "|", static_cast<int>(sampling.stratum_from), "|", sampling.stratum_name,
             "|", sampling.seed, "|", absl::StrFormat("%a", sampling.default_rate));
  for (const auto& [stratum, rate] : sampling.rates) {
    content += Concat("|", stratum.size(), ":", stratum, "=", absl::StrFormat("%a", rate));
  }
  return 1 + static_cast<int>(XXH64(content.data(), content.size(), 0) % 0x7ffffffe);
}

}  // namespace drift
