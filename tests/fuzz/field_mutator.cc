#include "tests/fuzz/field_mutator.h"

#include <cmath>
#include <limits>

#include <google/protobuf/descriptor.h>

namespace driftserve {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

/// The message and every one within it.
void Collect(Message& message, std::vector<Message*>& all) {
  all.push_back(&message);
  const auto* const reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* const field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      Collect(*reflection->MutableMessage(&message, field), all);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      Collect(*reflection->MutableRepeatedMessage(&message, field, i), all);
    }
  }
}

void AddFields(const Descriptor& descriptor, std::set<std::string>& names) {
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (!names.insert(field.full_name()).second) continue;  // a message within itself
    if (field.message_type() != nullptr) AddFields(*field.message_type(), names);
  }
}

}  // namespace

std::set<std::string> FieldsWithin(const Descriptor& descriptor) {
  std::set<std::string> names;
  AddFields(descriptor, names);
  return names;
}

void FieldMutator::Change(Message& message) {
  std::vector<Message*> all;
  Collect(message, all);
  Message& chosen = *all[random_.Below(all.size())];
  const Descriptor& descriptor = *chosen.GetDescriptor();
  if (descriptor.field_count() == 0) return;
  const Field& field = *descriptor.field(Index(descriptor.field_count()));
  changed_.insert(field.full_name());
  field.is_repeated() ? ChangeRepeated(chosen, field) : ChangeSingle(chosen, field);
}

void FieldMutator::ChangeSingle(Message& message, const Field& field) {
  if (random_.Below(8) == 0) {
    message.GetReflection()->ClearField(&message, &field);
  } else {
    SetSingle(message, field);
  }
}

void FieldMutator::ChangeRepeated(Message& message, const Field& field) {
  const auto* const reflection = message.GetReflection();
  const int size = reflection->FieldSize(message, &field);
  const uint64_t way = size == 0 ? 0 : random_.Below(5);
  switch (way) {
    case 0:
      return AddElement(message, field);
    case 1:
      return reflection->RemoveLast(&message, &field);
    case 2:
      return reflection->SwapElements(&message, &field, Index(size), size - 1);
    case 3:
      if (field.cpp_type() != Field::CPPTYPE_MESSAGE) return AddElement(message, field);
      return reflection->AddMessage(&message, &field)
          ->CopyFrom(reflection->GetRepeatedMessage(message, &field, Index(size)));
    default:
      return SetElement(message, field, Index(size));
  }
}

std::string FieldMutator::Text(const Field& field) {
  std::string text = texts_[random_.Below(texts_.size())];
  if (field.type() == Field::TYPE_BYTES && random_.Below(2) == 0) {
    text.assign(random_.Below(40), static_cast<char>(random_.Below(256)));
  }
  return text;
}

double FieldMutator::Real() {
  const double numbers[] = {0.0, -0.0, 1.0, -1.0, 1e308, -1e308, 5e-324, std::nan(""),
                            std::numeric_limits<double>::infinity()};
  return numbers[random_.Below(9)];
}

void FieldMutator::SetSingle(Message& message, const Field& field) {
  const auto* const reflection = message.GetReflection();
  const uint64_t number = random_.Below(2) == 0 ? random_.Below(20) : random_.Number();
  switch (field.cpp_type()) {
    case Field::CPPTYPE_MESSAGE:
      return Change(*reflection->MutableMessage(&message, &field));
    case Field::CPPTYPE_INT32:
      return reflection->SetInt32(&message, &field, static_cast<int32_t>(number));
    case Field::CPPTYPE_UINT32:
      return reflection->SetUInt32(&message, &field, static_cast<uint32_t>(number));
    case Field::CPPTYPE_INT64:
      return reflection->SetInt64(&message, &field, static_cast<int64_t>(number));
    case Field::CPPTYPE_UINT64:
      return reflection->SetUInt64(&message, &field, number);
    case Field::CPPTYPE_FLOAT:
      return reflection->SetFloat(&message, &field, static_cast<float>(Real()));
    case Field::CPPTYPE_DOUBLE:
      return reflection->SetDouble(&message, &field, Real());
    case Field::CPPTYPE_BOOL:
      return reflection->SetBool(&message, &field, random_.Below(2) == 0);
    case Field::CPPTYPE_ENUM:
      return reflection->SetEnumValue(&message, &field, static_cast<int>(random_.Below(20)));
    case Field::CPPTYPE_STRING:
      return reflection->SetString(&message, &field, Text(field));
  }
}

void FieldMutator::SetElement(Message& message, const Field& field, int index) {
  const auto* const reflection = message.GetReflection();
  if (field.cpp_type() == Field::CPPTYPE_MESSAGE) {
    return Change(*reflection->MutableRepeatedMessage(&message, &field, index));
  }
  AddElement(message, field);
  reflection->SwapElements(&message, &field, index, reflection->FieldSize(message, &field) - 1);
  reflection->RemoveLast(&message, &field);
}

void FieldMutator::AddElement(Message& message, const Field& field) {
  const auto* const reflection = message.GetReflection();
  const uint64_t number = random_.Below(2) == 0 ? random_.Below(20) : random_.Number();
  switch (field.cpp_type()) {
    case Field::CPPTYPE_MESSAGE:
      return Change(*reflection->AddMessage(&message, &field));
    case Field::CPPTYPE_INT32:
      return reflection->AddInt32(&message, &field, static_cast<int32_t>(number));
    case Field::CPPTYPE_UINT32:
      return reflection->AddUInt32(&message, &field, static_cast<uint32_t>(number));
    case Field::CPPTYPE_INT64:
      return reflection->AddInt64(&message, &field, static_cast<int64_t>(number));
    case Field::CPPTYPE_UINT64:
      return reflection->AddUInt64(&message, &field, number);
    case Field::CPPTYPE_FLOAT:
      return reflection->AddFloat(&message, &field, static_cast<float>(Real()));
    case Field::CPPTYPE_DOUBLE:
      return reflection->AddDouble(&message, &field, Real());
    case Field::CPPTYPE_BOOL:
      return reflection->AddBool(&message, &field, random_.Below(2) == 0);
    case Field::CPPTYPE_ENUM:
      return reflection->AddEnumValue(&message, &field, static_cast<int>(random_.Below(20)));
    case Field::CPPTYPE_STRING:
      return reflection->AddString(&message, &field, Text(field));
  }
}

}  // namespace driftserve
