#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "controllers/api/stream_job.h"
#include "runtime/base/ids.h"

namespace penstock {

struct Screen {
  std::size_t width =
      100;  // columns of the terminal; longer rows are cut, longer messages go on below
  std::size_t height = 0;  // rows; what does not fit is counted in the last one. 0: no limit
  bool colour = false;     // ANSI colours
  Millis now = 0;          // for ages
};

// The live screen as text, from what any Kubernetes API knows: per job its phase, input rate, lag,
// slots, last checkpoint, last rescale with its measured pause, why the autoscaler did what it did,
// and the busy share of each operator. Pure.
std::string render_jobs(const std::vector<api::StreamJob>& jobs, const Screen& screen);

// "46.2k", "1.20M", "950"; and "3s", "12m", "2h". For people.
std::string short_count(double value);
std::string short_age(Millis age);

}  // namespace penstock
