#include "runtime/job/follower.h"

#include <algorithm>
#include <utility>

#include "runtime/base/log.h"
#include "runtime/checkpoint/log.h"

namespace penstock {
namespace {

using Kind = FollowStep::Kind;

// How often the log is looked at, and the predecessor's socket.
constexpr Duration kCalm = std::chrono::milliseconds(100);
constexpr Duration kTakingOver = std::chrono::milliseconds(5);
// How long an ordered take-over waits for a predecessor that publishes nothing, and for one that
// goes on publishing without handing over.
constexpr Duration kPatience = std::chrono::seconds(10);
constexpr Duration kLongestPatience = std::chrono::seconds(60);

RestoreRequest request_of(JobShared& shared) {
  return {.graph = shared.graph,
          .options = shared.options,
          .factories = shared.factories,
          .clock = shared.clock,
          .memory = shared.memory};
}

}  // namespace

FollowStep decide_follow(const FollowState& state, Duration now) {
  const bool gone = state.predecessor == Peer::Presence::kGone;
  if (state.order) {
    if (state.order->now) return {Kind::kTakeOver, "PredecessorDead"};
    if (state.handed_over && state.held) return {Kind::kTakeOver, "HandedOver"};
    if (gone) return {Kind::kTakeOver, "PredecessorGone"};
    const Duration waited = now - state.order->at;
    const Duration silent = now - std::max(state.order->at, state.newest_at);
    if (silent >= kPatience || waited >= kLongestPatience)
      return {Kind::kTakeOver, "NotHandedOver"};
    return {};
  }
  if (!gone) return {};
  if (state.ended) return {Kind::kEnd, {}};
  return {Kind::kTakeOver, "PredecessorGone"};
}

Result<std::unique_ptr<Follower>> Follower::make(JobShared& shared) {
  const std::string& uri = *shared.options.checkpoints;
  auto store = shared.open_store(uri);
  if (!store) return store.error().within("checkpoint directory " + uri);
  TRY_ASSIGN(StateImage image, StateImage::make(request_of(shared)));
  auto made = std::make_unique<Follower>(shared, std::move(*store), std::move(image));
  TRY(made->log_.read());
  made->note_newest();
  return made;
}

Follower::Follower(JobShared& shared, std::unique_ptr<BlobStore> store, StateImage image)
    : shared_(shared),
      store_(std::move(store)),
      log_(*store_, shared.options.identity),
      image_(std::move(image)) {}

Follower::End Follower::run(const std::stop_token& stop) {
  log::info("following", {{"job", shared_.options.identity.name}, {"path", store_->uri()}});
  for (;;) {
    const Gate::Ticket ticket = shared_.gate.ticket();
    take_requests();
    if (stop.stop_requested())
      return end({Ending::Kind::kStopped, "Stopped", "stopped while it followed the job"});
    look();
    fetch(stop);
    if (ending_) return end(std::move(*ending_));
    const FollowStep step = decide_follow(state(), shared_.clock.monotonic());
    if (step.kind == Kind::kTakeOver) return take_over(step.reason);
    if (step.kind == Kind::kEnd)
      return end({Ending::Kind::kStopped, "Stopped",
                  "the job that it followed was ordered to stop, and did"});
    shared_.gate.wait(ticket, order_ ? kTakingOver : kCalm, stop);
  }
}

void Follower::take_requests() {
  const Error follows{Code::kUnavailable,
                      "this process follows the one that runs the job: ask that one"};
  auto requests = shared_.requests.with([](auto& all) { return all.take(); });
  for (JobRequest& request : requests) {
    if (auto* order = std::get_if<TakeOverRequest>(&request)) {
      if (!order_) order_ = {.at = shared_.clock.monotonic()};
      order_->now |= order->now;
      waiters_.push_back(std::move(*order));
    } else if (std::holds_alternative<StopRequest>(request)) {
      ending_ = {Ending::Kind::kStopped, "Stopped",
                 "stopped while it followed the job, which goes on elsewhere"};
    } else {
      refuse(request, follows);
    }
  }
}

// What is new in the log.
void Follower::look() {
  const auto added = log_.read_on();
  note_newest();  // some may have been read before one that could not be
  if (added) return;
  if (added.error().code == Code::kInvalid)
    ending_ = {Ending::Kind::kFailed, "CannotHeal", added.error().message};
  note_trouble(added.error());
}

// Once, however often it comes back.
void Follower::note_trouble(const Error& error) {
  if (trouble_ == error.message) return;
  trouble_ = error.message;
  log::warning("cannot follow for now",
               {{"job", shared_.options.identity.name}, {"reason", trouble_}});
}

void Follower::note_newest() {
  const ClaimRecord* claim = nullptr;
  newest_ = nullptr;  // what was read since may have moved it
  for (const LogEntry& entry : log_.entries()) {
    if (std::holds_alternative<PublicationRecord>(entry.record))
      newest_ = &entry;
    else
      claim = &std::get<ClaimRecord>(entry.record);
  }
  if (newest_ != nullptr && newest_->number != std::exchange(newest_number_, newest_->number))
    newest_at_ = shared_.clock.monotonic();
  if (claim != nullptr && claim_ != *claim) watch(*claim);
}

void Follower::watch(const ClaimRecord& claim) {
  claim_ = claim;
  peer_.reset();
  own_place_ =
      !claim.address.empty() && claim.address == shared_.address && claim.host == host_name();
  if (!claim.address.empty() && !own_place_) peer_ = shared_.open_peer(claim.address);
}

// Brings the state forward to the newest publication. Its process deletes files that it does not
// need any more: then there is a newer one, or will be.
void Follower::fetch(const std::stop_token& stop) {
  if (newest_ == nullptr || held_ == newest_->number || unfetchable_ == newest_->number) {
    if (newest_ == nullptr) report(0);
    return;
  }
  const auto& publication = std::get<PublicationRecord>(newest_->record);
  if (const Status fits = refuse_misfits(request_of(shared_), publication); !fits) {
    ending_ = {Ending::Kind::kFailed, "CannotHeal", fits.error().message};
    return;
  }
  const bool large = image_.missing(publication) > kSmallDifference;
  rounds_ = held_ && large ? rounds_ + 1 : 0;
  const auto go_on = [&] {
    report(image_.missing(publication));
    return !stop.stop_requested();
  };
  const Status fetched = image_.fetch(*store_, publication, go_on);
  if (!fetched) {
    const Error& error = fetched.error();
    if (error.code == Code::kNotFound || error.code == Code::kCorrupt)
      unfetchable_ = newest_->number;
    if (error.code != Code::kCancelled) note_trouble(error);
    return;
  }
  held_ = newest_->number;
  held_checkpoint_ = publication.checkpoint;
  held_at_ = shared_.clock.now();
  trouble_.clear();
  report(0);
}

void Follower::report(std::uint64_t bytes_behind) {
  const FollowReport following{.record = held_ ? held_->value : 0,
                               .checkpoint_id = held_checkpoint_.value,
                               .bytes_behind = bytes_behind,
                               .caught_up = held_ && caught_up(bytes_behind, rounds_),
                               .at = held_at_};
  shared_.report.with([&](JobReport& report) {
    report.phase = "Following";
    report.following = following;
    report.log_id = log_.log_id();
  });
}

FollowState Follower::state() {
  FollowState state{.order = order_, .newest_at = newest_at_};
  if (newest_ != nullptr) {
    const auto& publication = std::get<PublicationRecord>(newest_->record);
    const bool last = newest_->number.value + 1 == log_.next().value;
    state.handed_over = last && publication.then == PublicationRecord::Then::kHandsOver;
    state.ended = last && publication.then == PublicationRecord::Then::kEnds;
    state.held = held_ == newest_->number;
  }
  if (peer_ != nullptr)
    state.predecessor = peer_->look();
  else if (own_place_)
    state.predecessor = Peer::Presence::kGone;
  return state;
}

Follower::End Follower::take_over(const std::string& reason) {
  Millis since = shared_.clock.now();
  if (reason == "HandedOver") {
    const auto& publication = std::get<PublicationRecord>(newest_->record);
    since = publication.at - publication.duration;
  }
  const std::string from = claim_ ? name_of_process(*claim_) : "nobody";
  log::info("taking over", {{"job", shared_.options.identity.name},
                            {"from", from},
                            {"checkpoint", held_checkpoint_.value},
                            {"reason", reason}});
  shared_.report.with([](JobReport& report) {
    report.phase = "Starting";
    report.following.reset();
  });
  return {.followed = std::make_unique<Followed>(Followed{.store = std::move(store_),
                                                          .log = std::move(log_),
                                                          .image = std::move(image_),
                                                          .since = since,
                                                          .from = from,
                                                          .reason = reason}),
          .waiters = std::move(waiters_)};
}

Follower::End Follower::end(Ending ending) {
  shared_.report.with([](JobReport& report) { report.following.reset(); });
  return {.ending = std::move(ending), .waiters = std::move(waiters_)};
}

}  // namespace penstock
