#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "runtime/base/result.h"
#include "runtime/http/certificates.h"

namespace penstock {

// tls.crt and tls.key of a folder that somebody else renews, cert-manager for one. A mounted Secret
// changes as a whole, but between two reads: a pair that does not belong together is read again
// later. One thread.
class FileCertificates {
 public:
  FileCertificates(std::filesystem::path folder, std::function<Status(const http::KeyPair&)> use)
      : folder_(std::move(folder)), use_(std::move(use)) {}

  // Reads the files; gives the server what is new. Errors name the file, and leave the server as it
  // is.
  Status look();

 private:
  const std::filesystem::path folder_;
  const std::function<Status(const http::KeyPair&)> use_;
  http::KeyPair served_;
};

}  // namespace penstock
