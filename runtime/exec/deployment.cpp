#include "runtime/exec/deployment.h"

#include <algorithm>

#include "runtime/base/check.h"

namespace penstock {

Result<Connected> connect(const StreamGraph& graph, const Factories& factories, Clock& clock) {
  Connected connected;
  for (std::uint32_t i = 0; i < graph.operators.size(); ++i) {
    const OperatorSpec& spec = graph.operators[i].spec;
    if (const auto* source = std::get_if<SourceSpec>(&spec)) {
      TRY_ASSIGN(connected.sources[i], factories.source(*source, clock));
    } else if (const auto* sink = std::get_if<SinkSpec>(&spec)) {
      TRY_ASSIGN(connected.sinks[i], factories.sink(*sink, clock));
    }
  }
  return connected;
}

Deployment::Deployment(Config config)
    : config_(std::move(config)),
      topology_(make_topology(config_.graph)),
      table_(KeyGroupTable::even(config_.key_groups, {1})),
      writers_(topology_.chains.size(), 0) {}

Deployment::~Deployment() { stop(); }

void Deployment::stop() {
  // All threads end before anything that they use is freed.
  std::vector<std::unique_ptr<Subtask>> subtasks;
  for (auto& slot : slots_)
    for (auto& subtask : slot->stop()) subtasks.push_back(std::move(subtask));
}

std::vector<std::shared_ptr<const KeyGroupTable>> Deployment::tables_for(
    const KeyGroupTable& table) const {
  const auto shared = std::make_shared<const KeyGroupTable>(table);
  std::vector<std::shared_ptr<const KeyGroupTable>> tables;
  for (const Topology::Part& part : topology_.chains)
    tables.push_back(part.pinned ? std::make_shared<const KeyGroupTable>(
                                       KeyGroupTable::even(config_.key_groups, *part.pinned))
                                 : shared);
  return tables;
}

Result<std::unique_ptr<Deployment>> Deployment::make(Config config, Connected connected,
                                                     const KeyGroupTable& table,
                                                     RestoredState restored) {
  auto made = std::make_unique<Deployment>(std::move(config));
  made->connected_ = std::move(connected);
  made->table_ = table;
  const Topology& topology = made->topology_;
  for (const Topology::Part& part : topology.chains) {
    if (!part.source) continue;
    const std::uint32_t id = part.chain.operators.front().value;
    const auto& spec = std::get<SourceSpec>(made->config_.graph.operators[id].spec);
    SplitCoordinator::Config splits{.source = *made->connected_.sources.at(id),
                                    .has_watermark = spec.watermark.has_value(),
                                    .subtasks = part.parallelism_at(table.parallelism()),
                                    .listener = &made->config_.listener};
    TRY_ASSIGN(auto coordinator, SplitCoordinator::make(splits, std::move(restored.splits[id])));
    made->splits_[id] = std::move(coordinator);
  }
  made->layout_ =
      make_layout(topology, made->tables_for(table), nullptr, made->config_.channel_bytes);
  made->add_slots(table.parallelism());
  for (std::uint32_t chain = 0; chain < topology.chains.size(); ++chain) {
    const std::size_t subtasks = made->layout_->chains[chain].subtasks();
    for (std::uint32_t i = 0; i < subtasks; ++i) {
      TRY_ASSIGN(auto subtask, made->make_subtask({chain}, {i}, *made->layout_, 0, &restored));
      made->slots_[i % made->slots_.size()]->add(std::move(subtask));
    }
  }
  made->set_wakers(*made->layout_);
  return made;
}

void Deployment::add_slots(Parallelism wanted) {
  while (slots_.size() < wanted.value)
    slots_.push_back(std::make_unique<Slot>(config_.clock, config_.listener));
}

Result<ChainDriver::Stage> Deployment::make_stage(OperatorId id, SubtaskCounters& counters,
                                                  std::uint32_t writer) {
  const OperatorNode& node = config_.graph.at(id);
  ChainDriver::Stage stage{.id = id, .name = node.name};
  if (std::holds_alternative<SinkSpec>(node.spec)) {
    TRY_ASSIGN(stage.write, connected_.sinks.at(id.value)->open({.log_id = config_.log_id,
                                                                 .epoch = config_.epoch,
                                                                 .operator_name = node.name,
                                                                 .subtask = {writer}}));
    return stage;
  }
  TRY_ASSIGN(stage.operate, config_.factories.operate({.graph = config_.graph,
                                                       .id = id,
                                                       .clock = config_.clock,
                                                       .counters = counters.operators,
                                                       .memory = config_.memory,
                                                       .key_groups = config_.key_groups}));
  return stage;
}

namespace {

// The groups of a subtask that starts: restored ones where there are any, else empty.
void give_groups(OperatorState& state, const KeyGroupTable& table, SubtaskIndex index,
                 std::vector<std::pair<KeyGroup, std::unique_ptr<StateUnit>>>& restored) {
  for (auto& [group, unit] : restored)
    if (unit != nullptr && table.owner_of(group) == index) state.adopt(group, std::move(unit));
  for (std::uint32_t group = 0; group < table.groups(); ++group)
    if (table.owner_of({group}) == index && !state.owns({group})) state.create({group});
}

std::vector<std::vector<std::size_t>> keys_by_input(const Topology& topology, ChainId chain) {
  std::vector<std::vector<std::size_t>> keys;
  for (const Edge& edge : topology.edges)
    if (edge.to == chain) keys.push_back(edge.keys);  // edges are in the order of the inputs
  return keys;
}

}  // namespace

Result<std::unique_ptr<Subtask>> Deployment::make_subtask(ChainId chain, SubtaskIndex index,
                                                          const Layout& layout,
                                                          std::uint64_t handled,
                                                          RestoredState* restored) {
  const Topology::Part& part = topology_.chains[chain.value];
  const auto counters = config_.counters(chain, index);
  const std::uint32_t writer = writers_[chain.value]++;
  std::vector<ChainDriver::Stage> stages;
  for (const OperatorId id : part.chain.operators) {
    if (std::holds_alternative<SourceSpec>(config_.graph.at(id).spec)) continue;
    TRY_ASSIGN(auto stage, make_stage(id, *counters, writer));
    OperatorState* state = stage.operate != nullptr ? stage.operate->state() : nullptr;
    if (state != nullptr && restored != nullptr)
      give_groups(*state, *layout.chains[chain.value].table, index, restored->units[id.value]);
    stages.push_back(std::move(stage));
  }
  std::optional<SourceReader> source;
  if (part.source) {
    const OperatorId id = part.chain.operators.front();
    const auto& spec = std::get<SourceSpec>(config_.graph.at(id).spec);
    TRY_ASSIGN(SourceReader reader, SourceReader::make({.splits = *splits_.at(id.value),
                                                        .subtask = index,
                                                        .watermark = spec.watermark,
                                                        .batch_rows = config_.batch_rows,
                                                        .epoch = rescales_,
                                                        .clock = config_.clock,
                                                        .counters = *counters}));
    // What a checkpoint has recorded has an owner before the first barrier.
    if (restored != nullptr) reader.take_recorded();
    source.emplace(std::move(reader));
  }
  Subtask::Config config{.topology = topology_,
                         .chain = chain,
                         .index = index,
                         .inbox = layout.chains[chain.value].inboxes[index.value],
                         .counters = counters,
                         .listener = config_.listener,
                         .clock = config_.clock,
                         .memory = config_.memory,
                         .frozen = config_.frozen,
                         .keeps_state = config_.keeps_state,
                         .hold_bytes = config_.channel_bytes,
                         .handled_barrier = handled,
                         .key_groups = config_.key_groups,
                         .keys = keys_by_input(topology_, chain)};
  return std::make_unique<Subtask>(std::move(config), ChainDriver(std::move(stages)),
                                   std::move(source), layout);
}

void Deployment::start() {
  for (auto& slot : slots_) slot->start();
}

void Deployment::announce(const Barrier& barrier) {
  for (const Layout::ChainPart& part : layout_->chains)
    for (const auto& inbox : part.inboxes) inbox->post(barrier);
}

void Deployment::go_on(std::uint64_t sequence) {
  for (const Layout::ChainPart& part : layout_->chains)
    for (const auto& inbox : part.inboxes) inbox->post(GoOn{sequence});
}

std::size_t Deployment::subtasks() const {
  std::size_t count = 0;
  for (const Layout::ChainPart& part : layout_->chains) count += part.subtasks();
  return count;
}

void Deployment::set_wakers(const Layout& layout) {
  for (std::size_t i = 0; i < topology_.chains.size(); ++i) {
    if (!topology_.chains[i].source) continue;
    std::vector<std::shared_ptr<Waker>> wakers;
    for (const auto& inbox : layout.chains[i].inboxes) wakers.push_back(inbox->waker());
    splits_.at(topology_.chains[i].chain.operators.front().value)->set_wakers(std::move(wakers));
  }
}

Status Deployment::begin_rescale(const KeyGroupTable& table, std::uint64_t sequence,
                                 CheckpointId last) {
  const auto before = layout_;
  const auto after = make_layout(topology_, tables_for(table), before.get(), config_.channel_bytes);
  ++rescales_;
  std::vector<std::unique_ptr<Subtask>> added;
  participants_ = 0;
  for (std::uint32_t chain = 0; chain < topology_.chains.size(); ++chain) {
    const std::size_t had = before->chains[chain].subtasks();
    const std::size_t has = after->chains[chain].subtasks();
    participants_ += std::max(had, has);
    for (std::uint32_t i = static_cast<std::uint32_t>(had); i < has; ++i) {
      TRY_ASSIGN(auto subtask, make_subtask({chain}, {i}, *after, sequence, nullptr));
      subtask->await(
          arriving_groups(*before->chains[chain].table, *after->chains[chain].table, {i}),
          sequence);
      added.push_back(std::move(subtask));
    }
    if (topology_.chains[chain].source)
      splits_.at(topology_.chains[chain].chain.operators.front().value)
          ->begin_rescale({static_cast<std::uint32_t>(has)});
  }
  const std::size_t running = slots_.size();
  add_slots(table.parallelism());
  for (auto& subtask : added)
    slots_[subtask->index().value % slots_.size()]->add(std::move(subtask));
  for (std::size_t i = running; i < slots_.size(); ++i) slots_[i]->start();

  plan_ = std::make_shared<const RescalePlan>(RescalePlan{before, after, last});
  const RescaleBarrier barrier{.plan = plan_, .sequence = sequence};
  set_wakers(*after);
  announce(barrier);  // to the old ones; those that are new lie behind it
  layout_ = after;
  table_ = table;
  return ok();
}

bool Deployment::splits_settled() const {
  return std::ranges::all_of(splits_, [](const auto& entry) { return entry.second->settled(); });
}

void Deployment::finish_rescale() {
  plan_.reset();
  const std::size_t wanted = table_.parallelism().value;
  while (slots_.size() > wanted) {
    auto slot = std::move(slots_.back());
    slots_.pop_back();
    // What a pinned chain had there goes on elsewhere.
    for (auto& subtask : slot->stop()) {
      const std::size_t place = subtask->index().value % wanted;
      slots_[place]->add(std::move(subtask));
    }
    ended_slots_.push_back(std::move(slot));
  }
}

}  // namespace penstock
