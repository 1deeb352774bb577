#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/graph/graph.h"

namespace penstock {

// A way between two chains.
struct Edge {
  ChainId from{};
  ChainId to{};
  std::size_t input = 0;  // of the receiver's first operator
  bool keyed = false;
  std::vector<std::size_t> keys{};
  // Subtask i to subtask i; else every sender to every receiver. Only between chains that always
  // have the same number of subtasks.
  bool forward = false;
};

// What of a job's shape never changes while it runs: chains and the edges between them.
struct Topology {
  struct Part {
    Chain chain;
    std::string name;  // operators joined by " -> "
    std::optional<Parallelism> pinned;
    bool source = false;
    bool sink = false;
    bool keyed = false;
    Parallelism parallelism_at(Parallelism slots) const { return pinned.value_or(slots); }
  };
  std::vector<Part> chains;
  std::vector<Edge> edges;
};

Topology make_topology(const StreamGraph& graph);

}  // namespace penstock
