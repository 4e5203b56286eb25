#include "server/execute/model_loader.h"

#include <string_view>
#include <utility>

namespace driftserve {
namespace {

class ModelLoader : public Loader {
 public:
  ModelLoader(std::unique_ptr<Loader> archive, std::unique_ptr<Loader> package)
      : archive_(std::move(archive)), package_(std::move(package)) {}

  absl::StatusOr<std::shared_ptr<Executable>> Load(const LoadRequest& request) override {
    return LoaderOf(request.file).Load(request);
  }
  absl::StatusOr<ModuleSignature> Signature(const std::string& file, const std::string& bytes) override {
    return LoaderOf(file).Signature(file, bytes);
  }
  int DeviceCount(DeviceKind kind) const override { return archive_->DeviceCount(kind); }

 private:
  Loader& LoaderOf(const std::string& file) { return IsPackage(file) ? *package_ : *archive_; }

  const std::unique_ptr<Loader> archive_, package_;
};

}  // namespace

std::unique_ptr<Loader> MakeModelLoader(std::unique_ptr<Loader> archive, std::unique_ptr<Loader> package) {
  return std::make_unique<ModelLoader>(std::move(archive), std::move(package));
}

bool IsPackage(std::string_view file) { return file.ends_with(".pt2"); }

}  // namespace driftserve
