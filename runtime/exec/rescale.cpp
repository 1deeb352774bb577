#include "runtime/exec/rescale.h"

namespace penstock {
namespace {

std::shared_ptr<Channel> channel_of(const Layout* before, std::size_t edge, std::size_t from,
                                    std::size_t to) {
  if (before == nullptr) return nullptr;
  const auto& channels = before->edges[edge].channels;
  if (from >= channels.size() || to >= channels[from].size()) return nullptr;
  return channels[from][to];
}

Layout::ChainPart make_chain(std::shared_ptr<const KeyGroupTable> table,
                             const Layout::ChainPart* before, std::size_t channel_bytes) {
  Layout::ChainPart part{.table = std::move(table)};
  for (std::uint32_t i = 0; i < part.table->parallelism().value; ++i) {
    const bool known = before != nullptr && i < before->subtasks();
    part.inboxes.push_back(known ? before->inboxes[i] : std::make_shared<Inbox>(channel_bytes));
  }
  return part;
}

}  // namespace

std::shared_ptr<const Layout> make_layout(
    const Topology& topology, const std::vector<std::shared_ptr<const KeyGroupTable>>& tables,
    const Layout* before, std::size_t channel_bytes) {
  auto layout = std::make_shared<Layout>();
  for (std::size_t i = 0; i < topology.chains.size(); ++i)
    layout->chains.push_back(
        make_chain(tables[i], before != nullptr ? &before->chains[i] : nullptr, channel_bytes));
  for (std::size_t e = 0; e < topology.edges.size(); ++e) {
    const Edge& edge = topology.edges[e];
    const auto& senders = layout->chains[edge.from.value].inboxes;
    const auto& receivers = layout->chains[edge.to.value].inboxes;
    Layout::EdgePart part;
    part.channels.resize(senders.size());
    for (std::size_t from = 0; from < senders.size(); ++from) {
      part.channels[from].resize(receivers.size());
      for (std::size_t to = 0; to < receivers.size(); ++to) {
        if (edge.forward && from != to) continue;
        auto channel = channel_of(before, e, from, to);
        if (channel == nullptr)
          channel = std::make_shared<Channel>(senders[from]->waker(), receivers[to]->waker(),
                                              receivers[to]->budget());
        part.channels[from][to] = std::move(channel);
      }
    }
    layout->edges.push_back(std::move(part));
  }
  return layout;
}

std::vector<KeyGroup> arriving_groups(const KeyGroupTable& before, const KeyGroupTable& after,
                                      SubtaskIndex subtask) {
  std::vector<KeyGroup> groups;
  for (std::uint32_t g = 0; g < after.groups(); ++g)
    if (after.owner_of({g}) == subtask && before.owner_of({g}) != subtask) groups.push_back({g});
  return groups;
}

}  // namespace penstock
