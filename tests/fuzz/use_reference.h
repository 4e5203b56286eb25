#pragma once

#include "drift/reference.h"

namespace drift {

/// Uses a reference in every way that a server does, and ends the program where a cell, a bin or a figure is not what
/// it must be.
void UseReference(Reference parsed);

}  // namespace drift
