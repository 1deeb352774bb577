#pragma once

#include <string>

#include "operator/k8s/cluster.h"
#include "runtime/base/result.h"

namespace penstock::k8s {

// What is in force now, as read from text or files.
struct Credentials {
  std::string authority, certificate, key, token;  // PEM texts; the token without its line end
  // Whether connections made with one can go on with the other.
  bool same_identity(const Credentials& other) const {
    return authority == other.authority && certificate == other.certificate && key == other.key;
  }
};

// kUnavailable when a file cannot be read, is empty, or is not what it should be: an authority
// without a certificate, a key that is not the certificate's. That is how files look while somebody
// replaces them, and what was read before is better than that.
Result<Credentials> read_credentials(const Cluster& cluster);

}  // namespace penstock::k8s
