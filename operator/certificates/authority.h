#pragma once

#include <string>

#include "operator/k8s/reader.h"
#include "operator/k8s/writer.h"
#include "runtime/base/clock.h"
#include "runtime/http/certificates.h"

namespace penstock {

// The installation's authority: the pair in Secret `key`, which is made where it is missing.
// Several replicas may do so at once; all get the one that was first. kInvalid when a Secret of
// that name holds something else; kUnavailable when the API server does not answer. Blocks.
Result<http::KeyPair> keep_authority(const k8s::Reader& reader, const k8s::Writer& writer,
                                     Clock& clock, const k8s::ObjectKey& key);

}  // namespace penstock
