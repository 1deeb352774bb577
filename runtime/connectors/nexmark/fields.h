#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/columns/batch.h"
#include "runtime/connectors/nexmark/rules.h"
#include "runtime/connectors/rate_schedule.h"
#include "runtime/graph/graph.h"

namespace penstock::nexmark {

// The events of one batch.
struct Events {
  std::uint64_t seed = 0;
  Millis base = 0;  // event time of event 0
  const RateSchedule* schedule = nullptr;
  std::span<const std::uint64_t> numbers;  // ascending
  std::span<const Millis> times;           // of each
};

// Which columns of the table are wanted, each with its maker; found once per source. A value.
class Projection {
 public:
  // kInvalid when the table declares a column that Nexmark does not have, or of another type.
  static Result<Projection> of(const SourceSpec& spec);

  // The columns that the plan uses, for these events.
  Batch make(const Events& events) const;

 private:
  using Maker = Column (*)(const Events&, std::span<const std::uint32_t> rows, const Type&);
  struct Child {
    Type type;
    Maker maker = nullptr;  // nullptr: not used, NULL in every row
  };
  struct Output {
    Type type;
    bool is_event_type = false;
    EventKind kind = EventKind::kPerson;  // of a ROW column
    std::vector<Child> children;
  };

  static Result<Output> output_of(const SourceSpec& spec, std::size_t column,
                                  const std::vector<std::size_t>& used);
  // `rows` is room to work in.
  static Column make_row(const Output& output, const Events& events,
                         std::vector<std::uint32_t>& rows);

  std::vector<Output> outputs_;
};

}  // namespace penstock::nexmark
