#pragma once

namespace drift {

/// What the page's words and pictures mean, and what to do next, in plain words. HTML, without the element around it.
extern const char kHowToRead[];

}  // namespace drift
