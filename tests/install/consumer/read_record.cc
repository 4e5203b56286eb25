// Reads a record of the topic from standard input, with code generated from the installed proto file.
#include <iostream>

#include "driftserve/v1/record.pb.h"

int main() {
  driftserve::v1::Record record;
  if (!record.ParseFromIstream(&std::cin)) return 1;
  std::cout << record.model_name() << " " << record.features(0).name() << " " << record.features(0).number() << "\n";
}
