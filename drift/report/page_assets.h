#pragma once

namespace drift {

extern const char kPageStyle[];
extern const char kPageScript[];

/// Base64 of the script's SHA-256; a test holds it against the script.
extern const char kPageScriptSha256[];

}  // namespace drift
