#pragma once

#include <optional>
#include <string>

#include "operator/k8s/object.h"
#include "operator/k8s/writer.h"
#include "runtime/base/ids.h"

namespace penstock {

// `wanted` (a .status) with the transition times of conditions: the old one where the condition's
// status stays, `now` otherwise. Nothing when `object` says all of it already. Pure.
std::optional<std::string> next_status(const k8s::Object& object, const std::string& wanted,
                                       Millis now);

// Writes it to the Pod's status.
Status write_pod_status(const k8s::Writer& writer, const k8s::ObjectKey& key,
                        const std::string& status);

}  // namespace penstock
