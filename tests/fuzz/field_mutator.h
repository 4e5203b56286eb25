#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <google/protobuf/message.h>

#include "tests/fuzz/mutator.h"

namespace driftserve {

/// Damages messages field by field, where damaged bytes would mostly be no message at all: the same damage for the same
/// seed on every machine. Not thread-safe.
class FieldMutator {
 public:
  /// `texts` are put into strings and bytes.
  FieldMutator(uint64_t seed, std::vector<std::string> texts) : random_(seed), texts_(std::move(texts)) {}

  /// Changes one field of the message or of one within it: to a value at the edge of something, cleared, or with
  /// elements added, copied, removed or swapped.
  void Change(google::protobuf::Message& message);

  /// Full names of the fields changed so far.
  const std::set<std::string>& changed() const { return changed_; }

 private:
  using Message = google::protobuf::Message;
  using Field = google::protobuf::FieldDescriptor;

  void ChangeSingle(Message& message, const Field& field);
  void ChangeRepeated(Message& message, const Field& field);
  void SetSingle(Message& message, const Field& field);
  void SetElement(Message& message, const Field& field, int index);
  void AddElement(Message& message, const Field& field);
  std::string Text(const Field& field);
  double Real();
  int Index(int size) { return static_cast<int>(random_.Below(static_cast<uint64_t>(size))); }

  Mutator random_;
  const std::vector<std::string> texts_;
  std::set<std::string> changed_;
};

/// Full names of the fields of a message and of those within it.
std::set<std::string> FieldsWithin(const google::protobuf::Descriptor& descriptor);

}  // namespace driftserve
