#include "operator/top/render.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>

namespace penstock {
namespace {

constexpr std::string_view kUnknown = "-";

std::string pad(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

// Cuts after `width` printed characters; escape sequences and continuation bytes of UTF-8 print
// nothing.
std::string cut(const std::string& line, std::size_t width) {
  std::string out;
  std::size_t printed = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      const std::size_t end = line.find('m', i);
      out += line.substr(i, end - i + 1);
      i = end;
      continue;
    }
    const bool begins = (static_cast<unsigned char>(line[i]) & 0xc0) != 0x80;
    if (begins && printed == width) continue;
    printed += begins ? 1 : 0;
    if (begins || printed <= width) out += line[i];
  }
  return out;
}

std::string paint(const Screen& screen, const char* code, const std::string& text) {
  return screen.colour ? "\x1b[" + std::string(code) + "m" + text + "\x1b[0m" : text;
}

const char* colour_of(api::Phase phase) {
  switch (phase) {
    case api::Phase::kRunning:
    case api::Phase::kFinished:
      return "32";
    case api::Phase::kFailed:
      return "31";
    default:
      return "33";
  }
}

std::string name_of(api::Phase phase) {
  return std::string(names_of(phase)[static_cast<std::size_t>(phase)]);
}

// Sum over the sources; unknown if any is.
std::optional<double> sum(const std::vector<api::OperatorStatus>& operators,
                          std::optional<double> api::OperatorStatus::* member) {
  std::optional<double> total;
  for (const api::OperatorStatus& one : operators)
    if (one.*member) total = total.value_or(0) + *(one.*member);
  return total;
}

std::optional<double> input_rate(const api::StreamJob& job) {
  std::optional<double> total;
  for (const api::OperatorStatus& one : job.status.operators)
    if (one.name.starts_with("source") && one.records_in_per_second)
      total = total.value_or(0) + *one.records_in_per_second;
  return total;
}

std::string count_or_unknown(std::optional<double> value) {
  return value ? short_count(*value) : std::string(kUnknown);
}

std::string bar(double share) {
  constexpr int kCells = 10;
  const int full = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * kCells));
  std::string out;
  for (int i = 0; i < kCells; ++i) out += i < full ? "█" : "░";
  return out;
}

std::string checkpoint_text(const api::CheckpointStatus& checkpoint, Millis now) {
  if (checkpoint.id == 0) return "none yet";
  std::string text = "#" + std::to_string(checkpoint.id) + " " +
                     short_age(now - checkpoint.completed_at.millis) + " ago, " +
                     short_count(static_cast<double>(checkpoint.size_bytes)) + "B in " +
                     std::to_string(checkpoint.duration_ms) + " ms";
  if (checkpoint.consecutive_failures > 0)
    text += ", " + std::to_string(checkpoint.consecutive_failures) + " failed since";
  return text;
}

std::string rescale_text(const std::optional<api::LastScale>& scale, Millis now) {
  if (!scale) return "none yet";
  char pause[32];
  std::snprintf(pause, sizeof pause, "%.1f ms", scale->pause_ms);
  return std::to_string(scale->from) + " -> " + std::to_string(scale->to) + " slots " +
         short_age(now - scale->time.millis) + " ago, pause " + pause;
}

void add_operators(std::string& out, const api::StreamJob& job, const Screen& screen) {
  for (const api::OperatorStatus& one : job.status.operators) {
    std::string line = "    " + pad(one.name, 44) + " x" + pad(std::to_string(one.parallelism), 4);
    line += one.busy
                ? bar(*one.busy) + " " + pad(std::to_string(std::lround(*one.busy * 100)) + "%", 5)
                : pad("busy unknown", 16);
    line += " in " + pad(count_or_unknown(one.records_in_per_second), 7) + "/s  out " +
            count_or_unknown(one.records_out_per_second) + "/s";
    out += cut(line, screen.width) + "\n";
  }
}

void add_job(std::string& out, const api::StreamJob& job, const Screen& screen) {
  const api::StreamJobStatus& status = job.status;
  std::string line = paint(screen, "1", pad(job.metadata.name, 22)) + " " +
                     paint(screen, colour_of(status.phase), pad(name_of(status.phase), 11)) + " " +
                     pad(count_or_unknown(input_rate(job)), 9) + " " +
                     pad(count_or_unknown(sum(status.operators, &api::OperatorStatus::lag)), 8) +
                     " " +
                     pad(std::to_string(status.parallelism.running) + "/" +
                             std::to_string(status.parallelism.desired),
                         6) +
                     " " + checkpoint_text(status.checkpoint, screen.now);
  out += cut(line, screen.width) + "\n";
  if (status.phase != api::Phase::kFinished) {
    add_operators(out, job, screen);
    out +=
        cut("    rescale    " + rescale_text(status.last_scale, screen.now), screen.width) + "\n";
    if (status.scaling)
      out += cut("    autoscaler " + status.scaling->reason + ": " + status.scaling->message,
                 screen.width) +
             "\n";
  }
  if (const api::Condition* degraded = api::find_condition(status.conditions, "Degraded");
      degraded != nullptr && degraded->status == api::Truth::kTrue)
    out += cut(paint(screen, "31", "    degraded   " + degraded->reason + ": " + degraded->message),
               screen.width) +
           "\n";
  if (const api::Condition* accepted = api::find_condition(status.conditions, "Accepted");
      accepted != nullptr && accepted->status == api::Truth::kFalse)
    out += cut(paint(screen, "31", "    refused    " + accepted->reason + ": " + accepted->message),
               screen.width) +
           "\n";
}

}  // namespace

std::string short_count(double value) {
  constexpr std::array<const char*, 5> kSuffixes = {"", "k", "M", "G", "T"};
  std::size_t suffix = 0;
  while (value >= 999.5 && suffix + 1 < kSuffixes.size()) {
    value /= 1000;
    ++suffix;
  }
  char text[32];
  const int digits = suffix == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  std::snprintf(text, sizeof text, "%.*f%s", digits, value, kSuffixes[suffix]);
  return text;
}

std::string short_age(Millis age) {
  const Millis seconds = std::max<Millis>(age, 0) / 1000;
  if (seconds < 120) return std::to_string(seconds) + "s";
  if (seconds < 7200) return std::to_string(seconds / 60) + "m";
  if (seconds < 172800) return std::to_string(seconds / 3600) + "h";
  return std::to_string(seconds / 86400) + "d";
}

std::string render_jobs(const std::vector<api::StreamJob>& jobs, const Screen& screen) {
  std::string out = paint(screen, "7",
                          cut(pad("JOB", 22) + " " + pad("PHASE", 11) + " " + pad("INPUT/s", 9) +
                                  " " + pad("LAG", 8) + " " + pad("SLOTS", 6) + " LAST CHECKPOINT",
                              screen.width)) +
                    "\n";
  if (jobs.empty()) out += "no stream jobs\n";
  for (const api::StreamJob& job : jobs) add_job(out, job, screen);
  return out;
}

}  // namespace penstock
