#include "server/execute/state_writes.h"

#include <torch/csrc/jit/ir/ir.h>

namespace driftserve {
namespace {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

constexpr GraphWrites kNothing{false, false};
constexpr GraphWrites kState{true, false};
constexpr GraphWrites kInputs{false, true};
constexpr GraphWrites kAnything{true, true};

// A number or a text cannot be written to.
bool IsImmutable(const Value* value) {
  switch (value->type()->kind()) {
    case c10::TypeKind::IntType:
    case c10::TypeKind::FloatType:
    case c10::TypeKind::BoolType:
    case c10::TypeKind::StringType:
    case c10::TypeKind::NoneType:
    case c10::TypeKind::DeviceObjType:
    case c10::TypeKind::NumberType:
      return true;
    default:
      return false;
  }
}

// Where the memory of `value` may come from, as what a write to it would be.
GraphWrites Origin(const Graph& graph, const Value* value) {
  while (true) {
    const Node* node = value->node();
    if (node == graph.param_node()) return value == graph.inputs()[0] ? kState : kInputs;
    if (node->kind() == c10::prim::GetAttr || node->kind() == c10::prim::Constant) return kState;
    const c10::FunctionSchema* schema = node->maybeSchema();
    if (schema == nullptr) return node->kind() == c10::prim::ListConstruct ? kNothing : kAnything;
    if (value->offset() >= schema->returns().size()) return kAnything;
    const c10::AliasInfo* alias = schema->returns()[value->offset()].alias_info();
    if (alias == nullptr) return kNothing;
    // A view or an in-place result: the argument that shares its alias set.
    const Value* source = nullptr;
    for (size_t i = 0; i < schema->arguments().size() && i < node->inputs().size(); ++i) {
      const c10::AliasInfo* argument = schema->arguments()[i].alias_info();
      if (argument != nullptr && argument->beforeSets() == alias->beforeSets()) source = node->input(i);
    }
    if (source == nullptr) return kAnything;
    value = source;
  }
}

void Add(GraphWrites& all, GraphWrites more) {
  all.state |= more.state;
  all.inputs |= more.inputs;
}

void Scan(const Graph& graph, at::ArrayRef<const torch::jit::Block*> blocks, GraphWrites& writes);

void ScanNode(const Graph& graph, const Node* node, GraphWrites& writes) {
  if (node->kind() == c10::prim::SetAttr) writes.state = true;
  if (node->kind() == c10::prim::CallMethod || node->kind() == c10::prim::CallFunction) Add(writes, kAnything);
  if (const c10::FunctionSchema* schema = node->maybeSchema()) {
    for (size_t i = 0; i < schema->arguments().size() && i < node->inputs().size(); ++i) {
      const c10::AliasInfo* alias = schema->arguments()[i].alias_info();
      if (alias == nullptr || !alias->isWrite() || IsImmutable(node->input(i))) continue;
      Add(writes, Origin(graph, node->input(i)));
    }
  }
  Scan(graph, node->blocks(), writes);
}

void Scan(const Graph& graph, at::ArrayRef<const torch::jit::Block*> blocks, GraphWrites& writes) {
  for (const torch::jit::Block* block : blocks) {
    for (const Node* node : block->nodes()) ScanNode(graph, node, writes);
  }
}

}  // namespace

GraphWrites FindWrites(const Graph& graph) {
  GraphWrites writes = kNothing;
  for (const Node* node : graph.nodes()) ScanNode(graph, node, writes);
  return writes;
}

}  // namespace driftserve
