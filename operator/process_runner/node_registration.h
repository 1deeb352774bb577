#pragma once

#include <string>

#include "operator/k8s/writer.h"
#include "operator/process_runner/pod_plan.h"
#include "runtime/base/ids.h"

namespace penstock {

// Makes this machine's Node, unless it is there, and reports it ready with `capacity`.
Status register_node(const k8s::Writer& writer, const std::string& name, const Amount& capacity,
                     Millis now);

}  // namespace penstock
