#include <algorithm>
#include <array>
#include <set>

#include "drift/profile/monitor_sections.h"
#include "drift/profile/text.h"

namespace drift {
namespace {

constexpr std::array<std::string_view, 7> kMeasures = {"psi",       "ks",         "wasserstein", "jensen_shannon",
                                                       "hellinger", "l_infinity", "chi_square"};
constexpr size_t kMaxFeatures = 1000;
constexpr size_t kMaxNameBytes = 128;  // a name is a label of every series of its feature
constexpr size_t kProjectionBytes = 3;  // "_63"

void ReadReduce(Fields& fields, FeatureSpec& spec) {
  const auto node = fields.Find("reduce");
  if (!node) return;
  if (!node->IsMap()) {
    int choice;
    if (fields.ReadChoice("reduce",
                          {"mean", "std", "min", "max", "l2_norm", "zero_ratio", "length", "entropy", "top1", "argmax"},
                          &choice)) {
      spec.reduce.reduction = static_cast<Reduction>(choice + static_cast<int>(Reduction::kMean));
    }
  } else {
    fields.ReadSection("reduce", [&spec](Fields& reduce) {
      int64_t projections = 0;
      if (!reduce.Find("projections")) reduce.Refuse("projections", "how many projections, 1 to 64", "nothing");
      reduce.Read("projections", 1, 64, &projections);
      reduce.ReadUnsigned("seed", &spec.reduce.seed);
      spec.reduce.reduction = Reduction::kProjections;
      spec.reduce.projections = static_cast<int>(projections);
    });
  }
  if (fields.Find("column")) {
    fields.Refuse("column", "either column or reduce: a reduction takes the whole row", "both");
  }
  const bool categorical = spec.reduce.reduction == Reduction::kArgmax;
  if (spec.kind && (*spec.kind == Kind::kCategorical) != categorical) {
    fields.Refuse("type", categorical ? "categorical: an argmax is an index" : "numeric, as this reduction gives",
                  Concat("'type: ", categorical ? "numeric" : "categorical", "'"));
  }
  spec.kind = categorical ? Kind::kCategorical : Kind::kNumeric;
}

void ReadMeasures(Fields& fields, FeatureSpec& spec) {
  fields.ReadList("measures", [&](const YAML::Node& node, const std::string& path) {
    const auto found = node.IsScalar() ? std::find(kMeasures.begin(), kMeasures.end(), node.Scalar()) : kMeasures.end();
    if (found == kMeasures.end()) {
      fields.faults().Add(node.Mark(), path, Concat("one of ", JoinNames(kMeasures)), Describe(node));
      return;
    }
    const auto measure = static_cast<Measure>(found - kMeasures.begin());
    if (std::find(spec.measures.begin(), spec.measures.end(), measure) != spec.measures.end()) {
      fields.faults().Add(node.Mark(), path, "each measure once", Concat(Describe(node), " again"));
      return;
    }
    spec.measures.push_back(measure);
  });
}

FeatureSpec ReadFeature(Fields& fields, std::string_view tensor_key) {
  FeatureSpec spec;
  for (const auto& [key, out] : {std::pair{std::string_view("name"), &spec.name}, {tensor_key, &spec.tensor}}) {
    if (!fields.Read(key, out) && !fields.Find(key)) fields.Refuse(key, "a text", "nothing: the key is missing");
  }
  fields.Read("column", int64_t{0}, int64_t{1} << 31, &spec.column);
  int kind;
  if (fields.ReadChoice("type", {"numeric", "categorical"}, &kind)) spec.kind = static_cast<Kind>(kind);
  ReadReduce(fields, spec);
  ReadMeasures(fields, spec);
  const bool numbered = spec.reduce.reduction == Reduction::kProjections;
  const size_t most = numbered ? kMaxNameBytes - kProjectionBytes : kMaxNameBytes;
  if (!IsSeriesName(spec.name) || spec.name.size() > most) {
    fields.Refuse("name", Concat("at most ", most, " bytes without control characters"), "a longer or other text");
  }
  fields.RefuseUnknown();
  return spec;
}

/// Adds what `spec` watches: itself, or one value per projection. Names are labels and fields, so each is there once.
void AddValues(Fields& fields, FeatureSpec spec, std::set<std::string>& names, std::vector<FeatureSpec>& specs) {
  const auto take = [&](const std::string& name) {
    if (name.empty() || names.insert(name).second) return;
    fields.Refuse("name", "a name of its own for each feature and prediction", Concat("'", name, "' again"));
  };
  spec.declared = spec.name;
  take(spec.name);
  if (spec.reduce.reduction != Reduction::kProjections) {
    specs.push_back(std::move(spec));
    return;
  }
  for (int i = 0; i < spec.reduce.projections; ++i) {
    spec.name = Concat(spec.declared, "_", i);
    spec.reduce.projection = i;
    take(spec.name);
    specs.push_back(spec);
  }
}

}  // namespace

bool IsSeriesName(std::string_view name) {
  return name.size() <= kMaxNameBytes &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

void ReadFeatures(Fields& document, MonitorSettings& settings) {
  std::set<std::string> names;
  const auto read = [&](std::string_view list, std::string_view tensor_key, std::vector<FeatureSpec>& specs) {
    document.ReadList(list, [&](const YAML::Node& node, const std::string& path) {
      Fields fields(node, path, &document.faults());
      if (!node.IsMap()) return;
      AddValues(fields, ReadFeature(fields, tensor_key), names, specs);
    });
  };
  read("features", "input", settings.features);
  read("predictions", "output", settings.predictions);
  const size_t count = settings.features.size() + settings.predictions.size();
  if (count == 0 && document.faults().empty()) {
    document.Refuse("features", "at least one feature or prediction to watch", "none");
  }
  if (count > kMaxFeatures) {
    document.Refuse("features", Concat("at most ", kMaxFeatures, " features and predictions, each projection one"),
                    Concat(count));
  }
}

}  // namespace drift
