#include "server/execute/package_archive.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <vector>

#include <caffe2/serialize/inline_container.h>
#include <nlohmann/json.hpp>

#include "server/base/text.h"
#include "server/execute/archive_bytes.h"
#include "server/execute/torch_types.h"

namespace driftserve {
namespace {

constexpr std::string_view kNativeFolder = "data/aotinductor/";

// What of a record's path follows data/aotinductor/: "model/abc.wrapper.so".
struct NativeRecord {
  std::string record, model, name;
};

std::vector<NativeRecord> NativeRecords(caffe2::serialize::PyTorchStreamReader& reader) {
  std::vector<NativeRecord> found;
  for (const std::string& record : reader.getAllRecords()) {
    if (!record.starts_with(kNativeFolder)) continue;
    const std::string rest = record.substr(kNativeFolder.size());
    const size_t slash = rest.find('/');
    if (slash == rest.npos) continue;
    found.push_back({record, rest.substr(0, slash), rest.substr(slash + 1)});
  }
  return found;
}

bool IsSource(std::string_view name) { return name.ends_with(".cpp") || name.ends_with(".o"); }

absl::Status Write(const std::string& path, const void* bytes, size_t size) {
  std::ofstream out(path, std::ios::binary);
  out.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size)).flush();
  if (out) return absl::OkStatus();
  return absl::ResourceExhaustedError(Concat("cannot write ", path, ": ", std::strerror(errno)));
}

void ReadMetadata(std::string_view text, UnpackedPackage& package) {
  const nlohmann::json object = nlohmann::json::parse(text);
  for (const auto& [key, value] : object.items()) {
    package.metadata[key] = value.is_string() ? value.get<std::string>() : value.dump();
  }
}

absl::Status Unpack(caffe2::serialize::PyTorchStreamReader& reader, const std::string& folder,
                    UnpackedPackage& package) {
  std::set<std::string> models;
  for (const NativeRecord& native : NativeRecords(reader)) {
    models.insert(native.model);
    if (models.size() > 1) return absl::InvalidArgumentError(Concat("expected one model, got ", Join(models, ", ")));
    if (IsSource(native.name)) continue;
    if (native.name.find('/') != std::string::npos) {
      return absl::InvalidArgumentError(Concat("expected no folders below that of the model, got ", native.name));
    }
    const auto [data, size] = reader.getRecord(native.record);
    const std::string path = Concat(folder, "/", native.name);
    if (absl::Status status = Write(path, data.get(), size); !status.ok()) return status;
    if (native.name.ends_with(".so")) package.library = path;
    package.has_kernels |= native.name.ends_with(".cubin") || native.name.ends_with(".fatbin");
    if (native.name.ends_with("wrapper_metadata.json")) {
      ReadMetadata(std::string_view(static_cast<const char*>(data.get()), size), package);
    }
  }
  if (!package.library.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "expected a shared object below data/aotinductor/, as torch._inductor.aoti_compile_and_package puts it there; "
      "got none");
}

}  // namespace

absl::StatusOr<TemporaryFolder> TemporaryFolder::Make(const std::string& parent) {
  std::error_code error;
  std::string path = parent.empty() ? std::filesystem::temp_directory_path(error).string() : parent;
  path += "/driftserve-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    return absl::InvalidArgumentError(Concat("cannot make a folder ", path, ": ", std::strerror(errno),
                                             "; option repository.native_code_folder names another place"));
  }
  return TemporaryFolder(path);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

absl::StatusOr<UnpackedPackage> UnpackPackage(const std::string& file, const std::string& bytes,
                                              const std::string& folder) {
  UnpackedPackage package;
  const absl::Status status =
      CatchTorch(absl::StatusCode::kInvalidArgument, Concat(file, ": expected an AOTInductor package"),
                 [&]() -> absl::Status {
                   caffe2::serialize::PyTorchStreamReader reader(std::make_shared<BytesReader>(bytes));
                   const absl::Status unpacked = Unpack(reader, folder, package);
                   return unpacked.ok() ? unpacked
                                        : absl::Status(unpacked.code(), Concat(file, ": ", unpacked.message()));
                 });
  if (!status.ok()) return status;
  return package;
}

}  // namespace driftserve
