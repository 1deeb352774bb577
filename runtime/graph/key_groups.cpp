#include "runtime/graph/key_groups.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <numeric>
#include <utility>

#include "runtime/base/check.h"

namespace penstock {
namespace {

// The groups of one subtask while a table is planned: (load, group), ascending.
using Held = std::vector<std::pair<double, std::uint32_t>>;

double load_of(const Held& held) {
  double sum = 0;
  for (const auto& [load, group] : held) sum += load;
  return sum;
}

void insert(Held& held, std::pair<double, std::uint32_t> item) {
  held.insert(std::upper_bound(held.begin(), held.end(), item), item);
}

// Groups that count alike: all of them without a measurement, else those with less than a hundredth
// of the mean load.
std::vector<bool> cold_groups(std::uint32_t groups, const std::vector<double>& load) {
  const auto [least, most] = std::minmax_element(load.begin(), load.end());
  if (load.empty() || *least == *most) return std::vector<bool>(groups, true);
  const double mean = std::accumulate(load.begin(), load.end(), 0.0) / groups;
  std::vector<bool> cold;
  for (const double one : load) cold.push_back(one < mean / 100);
  return cold;
}

// The groups of one kind: what the wanted subtasks hold already, and what has lost its owner.
struct Holdings {
  std::vector<Held> held;
  Held orphans;
  std::uint32_t groups = 0;
};

Holdings holdings_of(const KeyGroupTable& current, std::uint32_t wanted,
                     const std::vector<bool>& cold, bool want_cold,
                     const std::vector<double>& load) {
  Holdings all{.held = std::vector<Held>(wanted), .orphans = {}, .groups = 0};
  for (std::uint32_t group = 0; group < current.groups(); ++group) {
    if (cold[group] != want_cold) continue;
    const std::uint32_t owner = current.owners()[group];
    (owner < wanted ? all.held[owner] : all.orphans)
        .emplace_back(want_cold ? 1.0 : load[group], group);
    ++all.groups;
  }
  for (Held& one : all.held) std::sort(one.begin(), one.end());
  std::sort(all.orphans.begin(), all.orphans.end());
  return all;
}

// All groups alike: the fullest subtasks keep one group more where the division leaves a rest, so
// that fewest move.
void balance_by_count(Holdings& all) {
  auto& [held, orphans, groups] = all;
  const std::size_t subtasks = held.size();
  std::vector<std::size_t> order(subtasks);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&all](std::size_t a, std::size_t b) {
    return all.held[a].size() > all.held[b].size();
  });
  const auto target = [groups = groups, subtasks](std::size_t rank) {
    return groups / subtasks + (rank < groups % subtasks ? 1 : 0);
  };
  for (std::size_t rank = 0; rank < subtasks; ++rank) {
    Held& from = held[order[rank]];
    while (from.size() > target(rank)) {
      orphans.push_back(from.back());
      from.pop_back();
    }
  }
  for (std::size_t rank = 0; rank < subtasks; ++rank) {
    Held& to = held[order[rank]];
    while (to.size() < target(rank)) {
      to.push_back(orphans.back());
      orphans.pop_back();
    }
  }
  CHECK(orphans.empty());
}

// The group of `from` to move when the two subtasks differ by `difference`: the heaviest that
// overshoots neither side's distance from even, else the lightest that helps at all; from.end()
// when none does.
Held::iterator best_move(Held& from, double difference, double room) {
  auto above = std::upper_bound(from.begin(), from.end(), std::pair(room, UINT32_MAX));
  if (above != from.begin()) return above - 1;
  const bool helps = above != from.end() && above->first < difference * (1 - 1e-9);
  return helps ? above : from.end();
}

void balance_by_load(Holdings& all) {
  auto& [held, orphans, groups] = all;
  std::vector<double> loads;
  for (const Held& one : held) loads.push_back(load_of(one));
  for (auto item = orphans.rbegin(); item != orphans.rend(); ++item) {
    const auto least = std::min_element(loads.begin(), loads.end());
    insert(held[static_cast<std::size_t>(least - loads.begin())], *item);
    *least += item->first;
  }
  const double total = std::accumulate(loads.begin(), loads.end(), 0.0);
  const double even = total / static_cast<double>(held.size());
  const double tolerance = std::min(total / groups, even / 20);
  // Each move lowers the sum of squares; the bound only guards against rounding.
  std::size_t left = 4;
  for (const Held& one : held) left += 4 * one.size();
  while (left-- > 0) {
    const auto most = std::max_element(loads.begin(), loads.end());
    const auto least = std::min_element(loads.begin(), loads.end());
    if (*most - even <= tolerance && even - *least <= tolerance) return;
    Held& from = held[static_cast<std::size_t>(most - loads.begin())];
    const auto item = best_move(from, *most - *least, std::min(*most - even, even - *least));
    if (item == from.end()) return;
    *most -= item->first;
    *least += item->first;
    insert(held[static_cast<std::size_t>(least - loads.begin())], *item);
    from.erase(item);
  }
}

double busiest_share(const std::vector<std::uint32_t>& owners, std::uint32_t parallelism,
                     const std::vector<double>& weights) {
  std::vector<double> loads(parallelism, 0.0);
  double total = 0;
  for (std::size_t group = 0; group < owners.size(); ++group) {
    loads[owners[group]] += weights[group];
    total += weights[group];
  }
  return *std::max_element(loads.begin(), loads.end()) / total;
}

std::string reason_of(const KeyGroupTable& from, const KeyGroupTable& to, bool by_load,
                      const std::vector<double>& weights) {
  std::array<char, 256> text{};
  const char* what = from.parallelism() < to.parallelism()   ? "grow"
                     : from.parallelism() > to.parallelism() ? "shrink"
                                                             : "rebalance";
  std::snprintf(
      text.data(), text.size(),
      "%s from %u to %u subtasks: %zu of %u key groups move, balanced by %s; the busiest subtask "
      "goes from %.1f%% to %.1f%%",
      what, from.parallelism().value, to.parallelism().value, from.moves_to(to).size(),
      from.groups(), by_load ? "measured load" : "number of groups",
      100 * busiest_share(from.owners(), from.parallelism().value, weights),
      100 * busiest_share(to.owners(), to.parallelism().value, weights));
  return text.data();
}

}  // namespace

KeyGroupTable KeyGroupTable::even(std::uint32_t groups, Parallelism parallelism) {
  CHECK(groups > 0 && parallelism.value > 0);
  KeyGroupTable table;
  table.owners_.reserve(groups);
  for (std::uint64_t group = 0; group < groups; ++group)
    table.owners_.push_back(static_cast<std::uint32_t>(group * parallelism.value / groups));
  table.parallelism_ = parallelism;
  return table;
}

Result<KeyGroupTable> KeyGroupTable::of(std::vector<std::uint32_t> owners, Parallelism parallelism,
                                        std::uint64_t version) {
  if (owners.empty()) return Error{Code::kInvalid, "key-group table without groups"};
  for (std::size_t group = 0; group < owners.size(); ++group) {
    if (owners[group] < parallelism.value) continue;
    return Error{Code::kInvalid, "key-group table: group " + std::to_string(group) +
                                     " belongs to subtask " + std::to_string(owners[group]) +
                                     ", the parallelism is " + std::to_string(parallelism.value)};
  }
  KeyGroupTable table;
  table.owners_ = std::move(owners);
  table.parallelism_ = parallelism;
  table.version_ = version;
  return table;
}

std::vector<KeyGroupTable::Move> KeyGroupTable::moves_to(const KeyGroupTable& next) const {
  CHECK(groups() == next.groups());
  std::vector<Move> moves;
  for (std::uint32_t group = 0; group < groups(); ++group)
    if (owners_[group] != next.owners_[group])
      moves.push_back({{group}, {owners_[group]}, {next.owners_[group]}});
  return moves;
}

TablePlan plan_table(const KeyGroupTable& current, Parallelism wanted,
                     const std::vector<double>& load) {
  CHECK(wanted.value > 0 && current.groups() > 0);
  CHECK(load.empty() || load.size() == current.groups());
  const std::vector<bool> cold = cold_groups(current.groups(), load);
  Holdings alike = holdings_of(current, wanted.value, cold, true, load);
  Holdings warm = holdings_of(current, wanted.value, cold, false, load);
  balance_by_count(alike);
  if (warm.groups > 0) balance_by_load(warm);

  std::vector<std::uint32_t> owners(current.groups());
  for (const Holdings* holdings : {&alike, &warm})
    for (std::uint32_t subtask = 0; subtask < wanted.value; ++subtask)
      for (const auto& [weight, group] : holdings->held[subtask]) owners[group] = subtask;
  KeyGroupTable table = KeyGroupTable::of(std::move(owners), wanted, current.version() + 1).value();
  const bool by_load = warm.groups > 0;
  std::string reason = reason_of(current, table, by_load,
                                 by_load ? load : std::vector<double>(current.groups(), 1.0));
  return {std::move(table), std::move(reason)};
}

}  // namespace penstock
