#pragma once

#include <string>
#include <vector>

#include "runtime/base/guarded.h"
#include "runtime/job/job.h"

namespace penstock {

// A Job that only remembers what it was told.
class ScriptedJob final : public Job {
 public:
  ScriptedJob() {
    JobReport report;
    report.job = "team/flights";
    report.uid = "u1";
    report.phase = "Running";
    report.wanted = report.running = 2;
    ChainReport chain;
    chain.name = "source -> count";
    chain.source = true;
    chain.behind = 7;
    chain.parallelism = 2;
    chain.subtasks = {{.index = 0, .rows_in = 5}, {.index = 1, .rows_in = 6}};
    chain.splits = {{"part-0", 11, std::nullopt}};
    report.chains = {chain, ChainReport{.name = "sink", .inputs = {0}, .sink = true}};
    report.checkpoints.last_id = 3;
    report_.with([&](JobReport& kept) { kept = report; });
  }

  using Job::begin;
  Status begin(const std::string&) override { return ok(); }
  JobReport report() override {
    return report_.with([](const JobReport& report) { return report; });
  }
  Status rescale(Parallelism wanted, std::string reason) override {
    if (wanted.value > 8) return Error{Code::kInvalid, "more than key groups"};
    report_.with([&](JobReport& report) {
      report.wanted = report.running = wanted.value;
      report.rescales.reason = reason;
      ++report.rescales.count;
    });
    return ok();
  }
  Result<CheckpointId> checkpoint() override { return CheckpointId{4}; }
  Result<CheckpointId> savepoint(const std::string& uri) override {
    if (uri.empty()) return Error{Code::kUnavailable, "the disk is full"};
    return CheckpointId{5};
  }
  Result<CheckpointId> hand_over() override {
    report_.with([](JobReport& report) {
      report.phase = "Ended";
      report.ending = Ending{Ending::Kind::kStopped, "HandedOver", "to the other one"};
    });
    return CheckpointId{6};
  }
  Status take_over(bool now) override {
    if (!now) return Error{Code::kUnavailable, "the predecessor lives"};
    report_.with([](JobReport& report) { report.phase = "Running"; });
    return ok();
  }
  Status dispose(const std::string& uri) override {
    if (uri != "file:///mine") return Error{Code::kInvalid, "no savepoint of this job"};
    return ok();
  }
  Status stop(StopMode, const std::string&) override {
    report_.with([](JobReport& report) {
      report.ending = Ending{Ending::Kind::kStopped, "Stopped", "on request"};
    });
    return ok();
  }
  Ending wait() override { return {}; }
  std::optional<Ending> ending() override {
    return report_.with([](const JobReport& report) { return report.ending; });
  }

  template <typename Change>
  void change(Change&& change) {
    report_.with([&](JobReport& report) { change(report); });
  }

 private:
  Guarded<JobReport> report_;
};

}  // namespace penstock
