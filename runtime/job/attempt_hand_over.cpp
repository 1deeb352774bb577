// A warm move as the predecessor sees it: rounds of checkpoints, a last one at whose barrier
// everything stands still, and the wait for the successor's claim.

#include <utility>

#include "runtime/base/log.h"
#include "runtime/base/units.h"
#include "runtime/job/attempt.h"
#include "runtime/job/hand_over.h"

namespace penstock {
namespace {

constexpr Duration kLook = std::chrono::milliseconds(50);

}  // namespace

void Attempt::on_hand_over(HandOverRequest& request) {
  if (stopping_ || draining_)
    return request.done->set_value(Error{Code::kUnavailable, "the job is stopping"});
  if (!handing_over_) handing_over_.emplace();
  handing_over_->waiters.push_back(std::move(request));
}

// From the barrier on; subtasks reach it one by one.
bool Attempt::stands_still() const { return handing_over_ && handing_over_->sequence > 0; }

// After a checkpoint of `copied` new bytes.
void Attempt::continue_hand_over(std::uint64_t copied) {
  using Step = HandingOver::Step;
  if (handing_over_->step == Step::kCopying) {
    if (!copy_again(copied, ++handing_over_->rounds)) handing_over_->step = Step::kStopping;
    return;
  }
  const Duration now = shared_.clock.monotonic();
  handing_over_->step = Step::kWaiting;
  handing_over_->checkpoint = base_;
  handing_over_->until = now + kStandStill;
  handing_over_->look_at = now + kLook;
  log::info("handed over", {{"job", shared_.options.identity.name}, {"checkpoint", base_.value}});
}

void Attempt::await_claim() {
  if (!stands_still()) return;
  const Duration now = shared_.clock.monotonic();
  if (now >= handing_over_->until)
    return abandon_hand_over({Code::kUnavailable, "nobody claimed the job within " +
                                                      format_duration(kStandStill) +
                                                      ": it goes on where it stood"});
  if (handing_over_->step != HandingOver::Step::kWaiting || now < handing_over_->look_at) return;
  handing_over_->look_at = now + kLook;
  const Status alone = log_->check_not_superseded();
  if (alone || alone.error().code != Code::kConflict) return;
  const CheckpointId last = handing_over_->checkpoint;
  tell_hand_over(last);
  end({.kind = AttemptEnd::Kind::kHandedOver,
       .error = {Code::kConflict, "handed over with checkpoint " + std::to_string(last.value) +
                                      "; " + alone.error().message}});
}

// The job goes on where it stands: nothing is read again.
void Attempt::abandon_hand_over(const Error& why) {
  if (!handing_over_) return;
  if (stands_still()) deployment_->go_on(handing_over_->sequence);
  if (running_) running_->hands_over = false;
  log::warning("not handed over",
               {{"job", shared_.options.identity.name}, {"reason", why.message}});
  tell_hand_over(why);
}

void Attempt::tell_hand_over(const Result<CheckpointId>& outcome) {
  if (!handing_over_) return;
  for (HandOverRequest& waiter : handing_over_->waiters) waiter.done->set_value(outcome);
  handing_over_.reset();
}

}  // namespace penstock
