#include "operator/top/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace penstock {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Millis kNow = 1'700'000'000'000;

api::StreamJob bids() {
  api::StreamJob job;
  job.metadata.name = "bids-per-auction";
  job.status.phase = api::Phase::kRunning;
  job.status.parallelism = {.desired = 2, .running = 2};
  job.status.operators = {{.name = "source-nexmark -> calc-auction-datetime",
                           .parallelism = 2,
                           .busy = 0.5,
                           .records_in_per_second = 50'000,
                           .records_out_per_second = 46'000,
                           .lag = 0},
                          {.name = "window-by-auction", .parallelism = 2}};
  job.status.checkpoint = {
      .id = 3, .completed_at = {kNow - 11'000}, .size_bytes = 351'000, .duration_ms = 126};
  job.status.last_scale =
      api::LastScale{.time = {kNow - 12'000}, .from = 1, .to = 2, .pause_ms = 4.2};
  job.status.scaling = api::ScalingStatus{
      .reason = "OnTarget",
      .message = "2 slots: the load keeps 1.11 slots busy, at utilization 0.70 it needs 2"};
  return job;
}

api::StreamJob flights() {
  api::StreamJob job;
  job.metadata.name = "flights";
  job.status.phase = api::Phase::kFinished;
  job.status.operators = {{.name = "source-flights", .records_in_per_second = 9'000}};
  job.status.checkpoint = {
      .id = 2, .completed_at = {kNow - 90'000}, .size_bytes = 10, .duration_ms = 8};
  return job;
}

TEST(RenderJobs, OnAWideTerminal) {
  EXPECT_EQ(
      render_jobs({bids(), flights()}, {.width = 160, .now = kNow}),
      "JOB                    PHASE       INPUT/s   LAG      SLOTS  LAST CHECKPOINT\n"
      "bids-per-auction       Running     50.0k     0        2/2    #3 11s ago, 351kB in 126 ms\n"
      "    source-nexmark -> calc-auction-datetime      x2   █████░░░░░ 50%   in 50.0k  /s  out "
      "46.0k/s\n"
      "    window-by-auction                            x2   busy unknown     in -      /s  out "
      "-/s\n"
      "    rescale    1 -> 2 slots 12s ago, pause 4.2 ms\n"
      "    autoscaler OnTarget: 2 slots: the load keeps 1.11 slots busy, at utilization 0.70 it "
      "needs 2\n"
      "flights                Finished    -         -        0/0    #2 90s ago, 10B in 8 ms\n");
}

TEST(RenderJobs, OnEightyColumns) {
  EXPECT_EQ(render_jobs({bids()}, {.width = 80, .now = kNow}),
            "JOB                    PHASE       INPUT/s   LAG      SLOTS  LAST CHECKPOINT\n"
            "bids-per-auction       Running     50.0k     0        2/2    #3 11s ago, 351kB\n"
            "    source-nexmark -> calc-auct… x2   █████░░░░░ 50%   in 50.0k  /s  out 46.0k/s\n"
            "    window-by-auction            x2   busy unknown     in -      /s  out -/s\n"
            "    rescale    1 -> 2 slots 12s ago, pause 4.2 ms\n"
            "    autoscaler OnTarget: 2 slots: the load keeps 1.11 slots busy, at utilization\n"
            "               0.70 it needs 2\n");
}

TEST(RenderJobs, NoRowIsWiderAndNoScreenIsHigherThanTheTerminal) {
  std::vector<api::StreamJob> jobs(12, bids());
  jobs[0].metadata.name = std::string(63, 'j');
  for (const std::size_t width : {40u, 67u, 80u, 160u})
    for (const std::size_t height : {3u, 24u, 50u}) {
      const std::string text = render_jobs(jobs, {.width = width, .height = height, .now = kNow});
      EXPECT_LT(std::ranges::count(text, '\n'), static_cast<std::ptrdiff_t>(height));
      EXPECT_THAT(text, HasSubstr("more rows\n"));
      std::istringstream rows(text);
      for (std::string row; std::getline(rows, row);) {
        const auto printed = std::ranges::count_if(
            row, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
        EXPECT_LE(printed, static_cast<std::ptrdiff_t>(width)) << row;
      }
    }
}

TEST(RenderJobs, SaysWhatIsWrongAndKeepsItsLines) {
  api::StreamJob job = bids();
  job.status.conditions = {
      {.type = "Accepted",
       .status = api::Truth::kFalse,
       .reason = "SqlInvalid",
       .message = "line 1, column 8: unknown column 'x'\n  SELECT x\n         ^"},
      {.type = "ScalingActive",
       .status = api::Truth::kFalse,
       .reason = "PolicyNotFound",
       .message = "there is no ScalingPolicy quick"}};
  const std::string text = render_jobs({job}, {.width = 100, .now = kNow});
  EXPECT_THAT(text, HasSubstr("    refused    SqlInvalid: line 1, column 8: unknown column 'x'\n"
                              "                 SELECT x\n"
                              "                        ^\n"
                              "    scaling    PolicyNotFound: there is no ScalingPolicy quick\n"));
}

TEST(RenderJobs, WhatOthersWroteCannotSteerTheTerminal) {
  api::StreamJob job = bids();
  job.status.conditions = {{.type = "Degraded",
                            .status = api::Truth::kTrue,
                            .reason = "Failed",
                            .message = "\x1b[2Jgone"}};
  EXPECT_THAT(render_jobs({job}, {.width = 100, .now = kNow}), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace penstock
