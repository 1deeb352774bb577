#include "runtime/control/tls_files.h"

#include <fstream>
#include <sstream>

namespace penstock {
namespace {

Result<std::string> read_pem(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) {
    return Error{Code::kUnavailable, "cannot read the TLS file " + path};
  }
  return text.str();
}

}  // namespace

Result<TlsFiles> read_tls_files(const std::string& folder) {
  TlsFiles files;
  TRY_ASSIGN(files.certificate, read_pem(folder + "/tls.crt"));
  TRY_ASSIGN(files.key, read_pem(folder + "/tls.key"));
  TRY_ASSIGN(files.authority, read_pem(folder + "/ca.crt"));
  return files;
}

}  // namespace penstock
