// How an attempt begins: claim, restore, settle what was published, deploy.

#include <algorithm>
#include <set>

#include "runtime/base/log.h"
#include "runtime/job/attempt.h"

namespace penstock {
namespace {

// The history that an attempt may restore: all of it, or, where the user asked for another start,
// only what this process wrote, or one before it under the same start's name.
std::vector<CheckpointLog::Entry> restorable(const std::vector<CheckpointLog::Entry>& history,
                                             JobOptions::From from,
                                             std::optional<RecordNumber> first_epoch) {
  if (from == JobOptions::From::kLatest) return history;
  std::vector<CheckpointLog::Entry> own;
  if (first_epoch)
    std::ranges::copy_if(history, std::back_inserter(own),
                         [&](const auto& entry) { return entry.number > *first_epoch; });
  return own;
}

// The record before the first publication of the start of that name.
std::optional<RecordNumber> before_start(const std::vector<CheckpointLog::Entry>& history,
                                         std::string_view name) {
  if (name.empty()) return std::nullopt;
  for (const CheckpointLog::Entry& entry : history)
    if (const auto* publication = std::get_if<PublicationRecord>(&entry.record))
      if (publication->start == name) return RecordNumber{entry.number.value - 1};
  return std::nullopt;
}

const PublicationRecord* newest_publication(const std::vector<CheckpointLog::Entry>& history) {
  for (auto entry = history.rbegin(); entry != history.rend(); ++entry)
    if (const auto* publication = std::get_if<PublicationRecord>(&entry->record))
      return publication;
  return nullptr;
}

}  // namespace

Attempt::Attempt(JobShared& shared)
    : shared_(shared),
      cycle_({.interval = shared.options.interval,
              .timeout = shared.options.timeout,
              .min_pause = shared.options.min_pause,
              .tolerable_failures = shared.options.tolerable_failures},
             shared.clock.monotonic()) {}

Attempt::~Attempt() {
  // Threads first: they post to what is freed after them. What they upload now is for nobody.
  if (store_ != nullptr) store_->cancel();
  deployment_.reset();
  uploader_.reset();
}

Result<std::unique_ptr<Attempt>> Attempt::make(JobShared& shared) {
  auto made = std::make_unique<Attempt>(shared);
  TRY(made->prepare());
  return made;
}

Status Attempt::prepare() {
  ++shared_.attempts;
  if (shared_.options.checkpoints) {
    TRY(claim());
    log_id_ = log_->log_id();
    epoch_ = log_->epoch();
    history_ = log_->history();
    unreadable_ = log_->unreadable();
  } else {
    log_id_ = shared_.local_log_id;
    epoch_ = {shared_.attempts};
  }
  for (const CheckpointLog::Entry& entry : history_)
    if (const auto* publication = std::get_if<PublicationRecord>(&entry.record))
      next_id_ = std::max(next_id_, CheckpointId{publication->checkpoint.value + 1});
  TRY_ASSIGN(Restored restored, choose_start());
  return deploy(std::move(restored));
}

// What a follower has read is not read again.
Status Attempt::claim() {
  followed_ = std::move(shared_.followed);
  if (followed_ != nullptr) {
    store_ = std::move(followed_->store);
    TRY_ASSIGN(log_, CheckpointLog::claim(std::move(followed_->log), shared_.clock.now(),
                                          shared_.address));
    return ok();
  }
  const std::string& uri = *shared_.options.checkpoints;
  auto store = shared_.open_store(uri);
  if (!store) return store.error().within("checkpoint directory " + uri);
  store_ = std::move(*store);
  TRY_ASSIGN(log_, CheckpointLog::claim(*store_, shared_.options.identity, shared_.clock.now(),
                                        shared_.address));
  return ok();
}

Result<Restored> Attempt::choose_start() {
  const JobOptions& options = shared_.options;
  const RestoreRequest request{.graph = shared_.graph,
                               .options = options,
                               .factories = shared_.factories,
                               .clock = shared_.clock,
                               .memory = shared_.memory};
  if (store_ != nullptr && !shared_.first_epoch)
    shared_.first_epoch = before_start(history_, options.start_name).value_or(epoch_);
  const auto candidates = restorable(history_, options.from, shared_.first_epoch);
  // What was not to be restored is not missed.
  if (options.from != JobOptions::From::kLatest)
    std::erase_if(unreadable_,
                  [&](const auto& damaged) { return damaged.number < *shared_.first_epoch; });
  if (options.from == JobOptions::From::kUri && newest_publication(candidates) == nullptr)
    return restore_from_uri(request);
  if (store_ == nullptr) return Restored{};
  TRY_ASSIGN(StateImage image, followed_ != nullptr
                                   ? Result<StateImage>(std::move(followed_->image))
                                   : StateImage::make(request));
  TRY_ASSIGN(Restored restored, restore_newest(request, *store_, candidates, image));
  std::erase_if(unreadable_, [&](const auto& damaged) { return damaged.number < restored.number; });
  if (!unreadable_.empty())
    restored.from += (restored.from.empty() ? "" : "; ") +
                     ("a newer record is damaged: " + unreadable_.back().error.message);
  if (restored.publication) {
    base_ = restored.publication->checkpoint;
    blocks_ = restored.publication->blocks;
    // After a fall-back nothing is built on what could be damaged too.
    if (!restored.passed_over.empty() || !unreadable_.empty()) base_ = {}, blocks_.clear();
  }
  return restored;
}

Sink* Attempt::sink_of(const Sinks& sinks, const std::string& operator_name) const {
  for (const auto& [id, sink] : sinks)
    if (shared_.graph.operators[id].name == operator_name) return sink.get();
  return nullptr;
}

Status Attempt::commit(const Sinks& sinks, const std::vector<CommittableRecord>& records) {
  for (const CommittableRecord& record : records) {
    Sink* sink = sink_of(sinks, record.operator_name);
    if (sink == nullptr) continue;  // the sink has left the job
    auto status = sink->commit({record.text});
    if (!status) return status.error().within("commit of " + record.operator_name);
  }
  return ok();
}

// Outputs of checkpoints that cannot be restored: their rows will be computed again.
Status Attempt::withdraw_newer(const Restored& restored, const Sinks& sinks) {
  const auto& kept = restored.publication->committables;
  for (const PublicationRecord& passed : restored.passed_over)
    for (const CommittableRecord& record : passed.committables) {
      if (std::ranges::find(kept, record) != kept.end()) continue;
      Sink* sink = sink_of(sinks, record.operator_name);
      if (sink == nullptr) continue;
      TRY_ASSIGN(const bool withdrawn, sink->withdraw({record.text}));
      if (!withdrawn)
        return Error{Code::kInvalid,
                     "checkpoint " + std::to_string(passed.checkpoint.value) +
                         " is damaged, and sink " + record.operator_name +
                         " cannot take back what was committed with it; restored from checkpoint " +
                         std::to_string(restored.publication->checkpoint.value) +
                         " these rows would be doubled: name a snapshot to start from"};
    }
  return ok();
}

// A damaged record may have been a publication. What it committed can only be told by its names.
Status Attempt::withdraw_unknown(const Restored& restored, const Sinks& sinks) {
  // Of this log: number 0 is a claim.
  const PublicationRecord* last = restored.number.value > 0 ? &*restored.publication : nullptr;
  const CheckpointId since = last != nullptr ? last->checkpoint : CheckpointId{};
  for (const auto& [id, sink] : sinks) {
    const std::string& name = shared_.graph.operators[id].name;
    std::vector<Committable> kept;
    if (last != nullptr)
      for (const CommittableRecord& record : last->committables)
        if (record.operator_name == name) kept.push_back({record.text});
    TRY_ASSIGN(const bool withdrawn, sink->withdraw_since(log_id_, since, kept));
    if (!withdrawn)
      return Error{Code::kInvalid,
                   "the checkpoint log is damaged (" + unreadable_.back().error.message +
                       "), and sink " + name +
                       " cannot take back what may have been committed with it: name a snapshot to "
                       "start from (--from)"};
  }
  return ok();
}

Status Attempt::settle_outputs(const Restored& restored, const Connected& connected) {
  const Sinks& sinks = connected.sinks;
  if (!restored.passed_over.empty()) TRY(withdraw_newer(restored, sinks));
  if (!unreadable_.empty()) TRY(withdraw_unknown(restored, sinks));
  if (store_ != nullptr) {
    const PublicationRecord* newest = newest_publication(history_);
    if (!restored.passed_over.empty()) newest = &*restored.publication;
    if (newest != nullptr) TRY(commit(sinks, newest->committables));
  }
  for (const auto& [id, sink] : sinks) TRY(sink->discard(log_id_, epoch_));
  return ok();
}

Status Attempt::deploy(Restored restored) {
  const TableRecord* recorded = restored.publication ? &restored.publication->table : nullptr;
  TRY_ASSIGN(const KeyGroupTable table, choose_table(recorded, shared_.options, shared_.wanted));
  TRY_ASSIGN(Connected connected, connect(shared_.graph, shared_.factories, shared_.clock));
  auto counters = [this](ChainId chain, SubtaskIndex subtask) {
    auto& entry = shared_.counters[{chain, subtask}];
    if (entry == nullptr) entry = std::make_shared<SubtaskCounters>();
    return entry;
  };
  Deployment::Config config{.graph = shared_.graph,
                            .factories = shared_.factories,
                            .listener = *this,
                            .clock = shared_.clock,
                            .memory = shared_.memory,
                            .frozen = frozen_,
                            .counters = counters,
                            .keeps_state = keeps_state(),
                            .key_groups = shared_.options.key_groups,
                            .batch_rows = shared_.options.batch_rows,
                            .channel_bytes = shared_.options.channel_bytes,
                            .log_id = log_id_,
                            .epoch = epoch_};
  TRY(settle_outputs(restored, connected));
  TRY_ASSIGN(deployment_, Deployment::make(std::move(config), std::move(connected), table,
                                           std::move(restored.state)));
  if (store_ != nullptr)
    uploader_ = std::make_unique<Uploader>(Uploader::Config{
        .store = *store_, .log_id = log_id_, .epoch = epoch_, .done = [this](Uploaded uploaded) {
          messages_.with([&](auto& all) { all.push_back(std::move(uploaded)); });
          shared_.gate.notify();
        }});
  const Duration now = shared_.clock.monotonic();
  for (const auto& [id, splits] : deployment_->splits())
    if (const auto interval = splits->source().monitor_interval())
      discover_at_[id] = now + *interval;
  publish_view();
  shared_.report.with([&](JobReport& report) {
    report.phase = "Running";
    report.log_id = log_id_;
    report.restored_from = restored.from;
    report.running = report.wanted = table.parallelism().value;
    report.table_version = table.version();
  });
  if (restored.publication)
    log::info("restored", {{"job", shared_.options.identity.name},
                           {"checkpoint", restored.publication->checkpoint.value},
                           {"reason", restored.from}});
  log::info("running", {{"job", shared_.options.identity.name},
                        {"slots", table.parallelism().value},
                        {"epoch", epoch_.value}});
  deployment_->start();
  return ok();
}

void Attempt::publish_view() {
  auto view = std::make_shared<ReportView>();
  const Topology& topology = deployment_->topology();
  for (std::uint32_t i = 0; i < topology.chains.size(); ++i) {
    const Topology::Part& part = topology.chains[i];
    ReportView::ChainView chain;
    chain.fixed = {
        .name = part.name,
        .source = part.source,
        .sink = part.sink,
        .keyed = part.keyed,
        .parallelism = static_cast<std::uint32_t>(deployment_->layout().chains[i].subtasks())};
    for (const OperatorId id : part.chain.operators)
      chain.fixed.operators.push_back(shared_.graph.at(id).name);
    for (const Edge& edge : topology.edges)
      if (edge.to.value == i) chain.fixed.inputs.push_back(edge.from.value);
    for (auto& [place, counters] : shared_.counters)
      if (place.first.value == i) chain.counters.push_back(counters);
    if (part.source) chain.splits = deployment_->splits().at(part.chain.operators.front().value);
    view->chains.push_back(std::move(chain));
  }
  shared_.view.with([&](auto& current) { current = std::move(view); });
}

}  // namespace penstock
