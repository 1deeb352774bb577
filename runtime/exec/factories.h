#pragma once

#include <functional>
#include <memory>

#include "runtime/exec/operator.h"
#include "runtime/exec/sink.h"
#include "runtime/exec/source.h"

namespace penstock {

// What a deployment is made of; tests put their own in. Called from the thread that deploys.
struct Factories {
  std::function<Result<std::unique_ptr<Source>>(const SourceSpec&, Clock&)> source;
  std::function<Result<std::unique_ptr<Sink>>(const SinkSpec&, Clock&)> sink;
  std::function<Result<std::unique_ptr<Operator>>(const OperatorContext&)> operate;
};

}  // namespace penstock
