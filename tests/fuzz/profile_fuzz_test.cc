// Damaged fields of a reference.pb, and what its hash sees of damaged bytes.
#include <cmath>
#include <limits>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include "drift/profile/reference_file.h"
#include "drift/profile/reference_message.h"
#include "tests/drift_profile/small_reference.h"
#include "tests/fuzz/mutator.h"
#include "tests/fuzz/use_reference.h"

namespace drift {
namespace {

using driftserve::Mutator;
using Message = driftserve::v1::Reference;

constexpr int kIterations = 10'000;

TEST(ReferenceFileFuzz, DamagedBytesAreReadOrRefused) {
  Mutator mutator(20130301);
  const std::string bytes = SerializeReference(SmallReference(300));
  int read = 0;
  for (int i = 0; i < kIterations; ++i) {
    auto reference = ParseReference(mutator.Mutate(bytes, {}));
    if (!reference.ok()) continue;
    ++read;
    UseReference(*std::move(reference));
  }
  EXPECT_LT(read, kIterations / 20) << "the hash must see nearly all damage";
}

/// Changes one field of the message, or of one within it, and not only to what makes sense.
void ChangeField(google::protobuf::Message& message, Mutator& mutator) {
  using Field = google::protobuf::FieldDescriptor;
  const auto* descriptor = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  const Field* field =
      descriptor->field(static_cast<int>(mutator.Below(static_cast<uint64_t>(descriptor->field_count()))));
  const int size = field->is_repeated() ? reflection->FieldSize(message, field) : 0;
  const int at = size > 0 ? static_cast<int>(mutator.Below(static_cast<uint64_t>(size))) : 0;
  if (field->is_repeated() && size == 0) return;
  if (field->is_repeated() && mutator.Below(8) == 0) {
    if (mutator.Below(2) == 0) return reflection->RemoveLast(&message, field);
    return reflection->SwapElements(&message, field, at, size - 1);
  }
  switch (field->cpp_type()) {
    case Field::CPPTYPE_MESSAGE:
      return ChangeField(*reflection->MutableRepeatedMessage(&message, field, at), mutator);
    case Field::CPPTYPE_UINT64: {
      const uint64_t number = mutator.Below(2) == 0 ? mutator.Below(300) : mutator.Number();
      if (field->is_repeated()) return reflection->SetRepeatedUInt64(&message, field, at, number);
      return reflection->SetUInt64(&message, field, number);
    }
    case Field::CPPTYPE_DOUBLE: {
      const double numbers[] = {
          0.0, -1.0, 1e308, -1e308, 5e-324, std::nan(""), std::numeric_limits<double>::infinity()};
      return reflection->SetDouble(&message, field, numbers[mutator.Below(7)]);
    }
    case Field::CPPTYPE_INT64:
      return reflection->SetInt64(&message, field, static_cast<int64_t>(mutator.Number()));
    case Field::CPPTYPE_UINT32:
      return reflection->SetUInt32(&message, field, static_cast<uint32_t>(mutator.Below(3)));
    case Field::CPPTYPE_ENUM:
      return reflection->SetEnumValue(&message, field, static_cast<int>(mutator.Below(5)));
    case Field::CPPTYPE_BOOL:
      return reflection->SetBool(&message, field, mutator.Below(2) == 0);
    default: {
      const char* texts[] = {"", "x", "UA", "FP32", "INT8", "BOOL", "BYTES", "FP64", "temperature", "true", "nan"};
      if (field->is_repeated()) return reflection->SetRepeatedString(&message, field, at, texts[mutator.Below(11)]);
      return reflection->SetString(&message, field, texts[mutator.Below(11)]);
    }
  }
}

/// As if somebody had written the file on purpose: the hash fits the damaged content.
TEST(ReferenceFileFuzz, FalseContentUnderATrueHash) {
  Mutator mutator(20130401);
  Message whole;
  ASSERT_TRUE(whole.ParseFromString(SerializeReference(SmallReference(300))));
  int read = 0;
  for (int i = 0; i < kIterations / 2; ++i) {
    Message message = whole;
    for (uint64_t changes = 1 + mutator.Below(3); changes > 0; --changes) ChangeField(message, mutator);
    const auto content = FromMessage(message);
    if (content.ok()) message.set_hash(ContentHash(*content));
    auto reference = ParseReference(message.SerializeAsString());
    if (!reference.ok()) continue;
    ++read;
    UseReference(*std::move(reference));
  }
  EXPECT_GT(read, kIterations / 100);
}

}  // namespace
}  // namespace drift
