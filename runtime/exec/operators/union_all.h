#pragma once

#include <optional>
#include <utility>

#include "runtime/exec/operator.h"

namespace penstock {

// UNION ALL: passes every batch on. One slot thread.
class UnionAll final : public Operator {
 public:
  explicit UnionAll(const Schema& output) : output_(output) {}
  Status on_batch(std::size_t input, Batch batch) override;
  Result<std::optional<Batch>> next() override { return std::exchange(batch_, std::nullopt); }

 private:
  const Schema& output_;
  std::optional<Batch> batch_;
};

}  // namespace penstock
