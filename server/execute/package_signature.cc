#include "server/execute/package_signature.h"

#include <optional>

#include <nlohmann/json.hpp>

#include "server/base/text.h"

namespace driftserve {
namespace {

using nlohmann::json;

// A container of tensors alone: how many, and for a dictionary their keys.
struct Container {
  size_t size = 0;
  std::vector<std::string> keys;
};

bool IsLeaf(const json& node) { return node.at("type").is_null(); }

std::string TypeOf(const json& node) { return node.at("type").get<std::string>(); }

absl::StatusOr<Container> ReadContainer(const json& node, const char* what) {
  Container container;
  for (const json& child : node.at("children_spec")) {
    if (!IsLeaf(child)) {
      return absl::InvalidArgumentError(
          Concat("forward()'s ", what, ": expected tensors, got a ", TypeOf(child), " within a ", TypeOf(node)));
    }
    ++container.size;
  }
  const std::string type = TypeOf(node);
  if (type.find("dict") != type.npos || type.find("Dict") != type.npos) {
    container.keys = json::parse(node.at("context").get<std::string>()).get<std::vector<std::string>>();
  }
  return container;
}

absl::StatusOr<std::vector<ForwardArgument>> ReadArguments(const json& tree) {
  const json& parts = tree.at("children_spec");
  absl::StatusOr<Container> positional = ReadContainer(parts.at(0), "arguments");
  if (!positional.ok()) return positional.status();
  absl::StatusOr<Container> named = ReadContainer(parts.at(1), "arguments");
  if (!named.ok()) return named.status();
  std::vector<ForwardArgument> arguments;
  for (size_t i = 0; i < positional->size; ++i) arguments.push_back({Concat("argument ", i), "Tensor", false});
  for (const std::string& key : named->keys) arguments.push_back({key, "Tensor", false});
  return arguments;
}

absl::StatusOr<ForwardResult> ReadResult(const json& tree) {
  if (IsLeaf(tree)) return ForwardResult{ForwardResult::Kind::kSingle, {"Tensor"}, {}};
  absl::StatusOr<Container> container = ReadContainer(tree, "result");
  if (!container.ok()) return container.status();
  return ForwardResult{ForwardResult::Kind::kSequence, std::vector<std::string>(container->size, "Tensor"),
                       std::move(container->keys)};
}

}  // namespace

absl::StatusOr<PackageSignature> ParseCallSpec(const std::string& inputs, const std::string& outputs) {
  try {
    absl::StatusOr<std::vector<ForwardArgument>> arguments = ReadArguments(json::parse(inputs).at(1));
    if (!arguments.ok()) return arguments.status();
    absl::StatusOr<ForwardResult> result = ReadResult(json::parse(outputs).at(1));
    if (!result.ok()) return result.status();
    return PackageSignature{*std::move(arguments), *std::move(result)};
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(Concat("expected the call specs of AOTInductor, got other text: ", error.what()));
  }
}

}  // namespace driftserve
