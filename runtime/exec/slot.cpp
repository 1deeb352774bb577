#include "runtime/exec/slot.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "runtime/base/log.h"

namespace penstock {
namespace {

std::uint64_t thread_cpu_nanos() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u +
         static_cast<std::uint64_t>(time.tv_nsec);
}

constexpr Duration kLongestSleep = std::chrono::seconds(1);

}  // namespace

void Slot::add(std::unique_ptr<Subtask> subtask) {
  subtask->waker()->move_to(gate_);
  arrivals_.with([&](auto& all) { all.push_back(std::move(subtask)); });
  has_arrivals_.store(true);
  gate_.notify();
}

void Slot::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

std::vector<std::unique_ptr<Subtask>> Slot::stop() {
  thread_.request_stop();
  gate_.notify();
  if (thread_.joinable()) thread_.join();
  for (auto& subtask : arrivals_.with([](auto& all) { return std::exchange(all, {}); }))
    subtasks_.push_back(std::move(subtask));
  return std::move(subtasks_);
}

void Slot::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Gate::Ticket ticket = gate_.ticket();
    if (has_arrivals_.exchange(false))
      for (auto& subtask : arrivals_.with([](auto& all) { return std::exchange(all, {}); }))
        subtasks_.push_back(std::move(subtask));
    if (!run_once() && !stop.stop_requested()) gate_.wait(ticket, until_next(), stop);
  }
}

bool Slot::run_once() {
  bool worked = false;
  for (std::size_t i = 0; i < subtasks_.size() && !failed_;) {
    bool gone = false;
    worked |= run_subtask(*subtasks_[i], gone);
    if (gone)
      subtasks_.erase(subtasks_.begin() + static_cast<std::ptrdiff_t>(i));
    else
      ++i;
  }
  return worked;
}

bool Slot::run_subtask(Subtask& subtask, bool& gone) {
  const std::uint64_t before = thread_cpu_nanos();
  const Result<Subtask::Progress> progress = subtask.run(clock_.now());
  if (!progress) {
    failed_ = true;
    listener_.post(SubtaskFailed{.chain = subtask.chain(),
                                 .subtask = subtask.index(),
                                 .operator_name = subtask.failed_operator(),
                                 .error = progress.error(),
                                 .out_of_memory = subtask.out_of_memory()});
    return false;
  }
  // Looking without finding anything is not work of the subtask.
  if (*progress != Subtask::Progress::kIdle)
    subtask.counters().busy_nanos.fetch_add(thread_cpu_nanos() - before, std::memory_order_relaxed);
  gone = *progress == Subtask::Progress::kGone;
  return *progress == Subtask::Progress::kWorked;
}

Duration Slot::until_next() {
  if (failed_) return kLongestSleep;
  std::optional<Millis> earliest;
  for (const auto& subtask : subtasks_) {
    const auto at = subtask->wake_at();
    if (at && (!earliest || *at < *earliest)) earliest = at;
  }
  if (!earliest) return kLongestSleep;
  const Duration wait = std::chrono::milliseconds(std::max<Millis>(0, *earliest - clock_.now()));
  return std::min(kLongestSleep, wait);
}

}  // namespace penstock
