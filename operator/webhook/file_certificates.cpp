#include "operator/webhook/file_certificates.h"

#include <fstream>
#include <sstream>
#include <utility>

namespace penstock {
namespace {

Result<std::string> read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in)
    return Error{Code::kInvalid,
                 "cannot read " + path.string() + "; the folder needs the certificate and its key"};
  return text.str();
}

}  // namespace

Status FileCertificates::look() {
  http::KeyPair pair;
  TRY_ASSIGN(pair.certificate_pem, read(folder_ / "tls.crt"));
  TRY_ASSIGN(pair.key_pem, read(folder_ / "tls.key"));
  if (pair.certificate_pem == served_.certificate_pem && pair.key_pem == served_.key_pem)
    return ok();
  if (const Status fits = http::check_pair(pair); !fits)
    return fits.error().within("tls.crt and tls.key of " + folder_.string());
  TRY(use_(pair));
  served_ = std::move(pair);
  return ok();
}

}  // namespace penstock
