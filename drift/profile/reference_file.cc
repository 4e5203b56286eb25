#include "drift/profile/reference_file.h"

#include "drift/profile/reference_message.h"
#include "drift/profile/text.h"
#include "drift/profile/text_file.h"

namespace drift {
namespace {

constexpr size_t kMaxBytes = 64 << 20;

}  // namespace

std::string SerializeReference(const Reference& reference) {
  driftserve::v1::Reference message;
  ToMessage(reference, message);
  return message.SerializeAsString();
}

absl::StatusOr<Reference> ParseReference(std::string_view bytes, const std::string& file) {
  const auto fault = [&file](const std::string& what) { return absl::InvalidArgumentError(Concat(file, ": ", what)); };
  if (bytes.empty()) return fault("expected a reference profile, got an empty file");
  if (bytes.size() > kMaxBytes) return fault(Concat("expected at most ", kMaxBytes, " bytes, got ", bytes.size()));
  driftserve::v1::Reference message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fault(Concat("its ", bytes.size(), " bytes are not a reference profile, or were cut short"));
  }
  if (message.schema_version() != 1) {
    return fault(
        Concat("schema_version: expected 1, got ", message.schema_version(),
               "; this file is not a reference profile or is of another release: make it with `drift profile`"));
  }
  absl::StatusOr<Reference> reference = FromMessage(message);
  if (!reference.ok()) return fault(std::string(reference.status().message()));
  const std::string hash = ContentHash(*reference);
  if (hash != message.hash()) {
    return fault(Concat("hash: the file states '", message.hash(), "', its content has '", hash,
                        "': it was changed or damaged, make it again with `drift profile`"));
  }
  reference->hash = hash;
  if (const auto error = CheckReference(*reference)) return fault(error->message);
  return reference;
}

absl::StatusOr<Reference> LoadReference(const std::string& path) {
  const absl::StatusOr<std::string> bytes = ReadFile(path, kMaxBytes);
  if (!bytes.ok()) return bytes.status();
  return ParseReference(*bytes, path);
}

absl::Status SaveReference(const Reference& reference, const std::string& path) {
  return WriteFileAtomically(path, SerializeReference(reference));
}

absl::Status CheckReferenceFits(const Reference& reference, const MonitorSettings& monitor) {
  std::string faults;
  size_t index = 0;
  const auto expect = [&](const FeatureSpec& spec, Role role) {
    const std::string wanted = Concat(Name(role), " '", spec.name, "'");
    if (index >= reference.features.size()) {
      faults += Concat("expected ", wanted, " at place ", index + 1, ", got no more features\n");
    } else if (const FeatureReference& got = reference.features[index]; got.name != spec.name || got.role != role) {
      faults += Concat("expected ", wanted, " at place ", index + 1, ", got ", Name(got.role), " '", got.name, "'\n");
    } else if (spec.kind && *spec.kind != got.kind) {
      faults += Concat(wanted, ": expected type ", Name(*spec.kind), ", got ", Name(got.kind), "\n");
    } else if (spec.reduction() != got.reduction) {
      const auto shown = [](const std::string& text) { return text.empty() ? "single values" : text; };
      faults += Concat(wanted, ": expected ", shown(spec.reduction()), ", got ", shown(got.reduction), "\n");
    }
    ++index;
  };
  for (const FeatureSpec& spec : monitor.features) expect(spec, Role::kFeature);
  for (const FeatureSpec& spec : monitor.predictions) expect(spec, Role::kPrediction);
  for (; index < reference.features.size() && reference.features[index].role != Role::kLabel; ++index) {
    faults += Concat(Name(reference.features[index].role), " '", reference.features[index].name,
                     "' is not in monitor.yaml\n");
  }
  for (; monitor.labels && index < reference.features.size(); ++index) {
    const FeatureReference& label = reference.features[index];
    if (label.name != monitor.labels->name || label.kind == monitor.labels->kind) continue;
    faults += Concat("label '", label.name, "': expected type ", Name(monitor.labels->kind), ", got ",
                     Name(label.kind), "\n");
  }
  if (faults.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      Concat("the reference profile does not fit monitor.yaml, make it again with `drift profile`:\n", faults));
}

}  // namespace drift
