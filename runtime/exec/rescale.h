#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/exec/channel.h"
#include "runtime/exec/inbox.h"
#include "runtime/exec/topology.h"
#include "runtime/graph/key_groups.h"

namespace penstock {

// Who talks to whom, for one number of slots: immutable, shared by all subtasks.
struct Layout {
  struct ChainPart {
    std::shared_ptr<const KeyGroupTable> table;   // its parallelism is the chain's
    std::vector<std::shared_ptr<Inbox>> inboxes;  // by subtask
    std::size_t subtasks() const { return inboxes.size(); }
  };
  struct EdgePart {
    // By sender, then receiver; nullptr where a forward edge has none.
    std::vector<std::vector<std::shared_ptr<Channel>>> channels;
  };
  std::vector<ChainPart> chains;
  std::vector<EdgePart> edges;  // as Topology::edges
};

// What a RescaleBarrier says: from here on, `after` holds. New subtasks are there already,
// connected and idle.
struct RescalePlan {
  std::shared_ptr<const Layout> before;
  std::shared_ptr<const Layout> after;
  CheckpointId
      last_checkpoint{};  // the newest whose barrier was sent before; the next one is higher
};

// A layout for `tables` (one per chain) that keeps what `before` (may be nullptr) already has.
std::shared_ptr<const Layout> make_layout(
    const Topology& topology, const std::vector<std::shared_ptr<const KeyGroupTable>>& tables,
    const Layout* before, std::size_t channel_bytes);

// Groups that `subtask` owns after but not before.
std::vector<KeyGroup> arriving_groups(const KeyGroupTable& before, const KeyGroupTable& after,
                                      SubtaskIndex subtask);

}  // namespace penstock
