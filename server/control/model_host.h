#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "server/repository/model.h"

namespace driftserve {

/// The part of the server that puts models to work. Called by one thread, the loader's, while all others serve.
class ModelHost {
 public:
  virtual ~ModelHost() = default;

  /// Warms the model on every thread that will run it, between that thread's own work. After a failure Release
  /// follows.
  virtual absl::Status Prepare(const std::shared_ptr<Model>& model) = 0;

  /// From its first request on it is watched, where it is to be; in place of an earlier load of the same version.
  virtual void Watch(const Model& model) = 0;
  virtual void Unwatch(const Model& model) = 0;

  /// Health of the model of that name.
  virtual void SetServing(const std::string& name, bool serving) = 0;

  /// Returns when every serving thread has turned to what the registry holds now: no request begins on what it held
  /// before.
  virtual void Settle() = 0;

  /// REQUIRES: nobody but the caller holds the model. Stops its threads.
  virtual void Release(Model& model) = 0;
};

}  // namespace driftserve
