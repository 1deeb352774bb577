#pragma once

#include <string>

#include "runtime/base/result.h"

namespace penstock {

// PEM texts.
struct TlsFiles {
  std::string certificate, key, authority;
};

// Reads tls.crt, tls.key and ca.crt of a folder. kUnavailable names the file that cannot be read:
// it may be there later.
Result<TlsFiles> read_tls_files(const std::string& folder);

}  // namespace penstock
