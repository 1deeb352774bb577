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

std::string checkpoint_text(const api::CheckpointStatus& checkpoint, const Screen& screen) {
  if (checkpoint.id == 0) return "none yet";
  std::string text = "#" + std::to_string(checkpoint.id) + " " +
                     short_age(screen.now - checkpoint.completed_at.millis) + " ago, " +
                     short_count(static_cast<double>(checkpoint.size_bytes)) + "B";
  if (screen.width >= 90) text += " in " + std::to_string(checkpoint.duration_ms) + " ms";
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

// Printed characters: bytes that do not continue one of UTF-8.
std::size_t printed(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// Exactly `width` printed characters; what is cut ends with an ellipsis.
std::string fit(const std::string& text, std::size_t width) {
  const std::size_t length = printed(text);
  if (length > width) return cut(text, width - 1) + "…";
  return text + std::string(width - length, ' ');
}

// What others wrote must not steer the terminal.
std::string harmless(std::string text) {
  for (char& c : text)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f) c = '?';
  return text;
}

// A message behind its label, word by word over at most a few rows.
void add_message(std::string& out, std::string_view label, const std::string& message,
                 const char* colour, const Screen& screen) {
  constexpr std::size_t kIndent = 15, kRows = 4;
  const std::size_t room = std::max<std::size_t>(screen.width, kIndent + 20) - kIndent;
  std::vector<std::string> rows;
  std::string rest = harmless(message);
  while (!rest.empty() && rows.size() < kRows) {
    const std::size_t line_end = std::min(rest.find('\n'), rest.size());
    std::size_t end = std::min(line_end, cut(rest.substr(0, line_end), room).size());
    const std::size_t blank = rest.rfind(' ', end);
    if (end < line_end && blank != std::string::npos && blank > 0) end = blank;
    rows.push_back(rest.substr(0, end));
    const bool skip = end < rest.size() && (rest[end] == '\n' || rest[end] == ' ');
    rest.erase(0, end + (skip ? 1 : 0));
  }
  if (!rest.empty() && !rows.empty()) rows.back() = fit(rows.back() + " ...", room);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string head =
        i == 0 ? "    " + pad(std::string(label), kIndent - 4) : std::string(kIndent, ' ');
    const std::string row = cut(head + rows[i], screen.width);
    out += (colour == nullptr ? row : paint(screen, colour, row)) + "\n";
  }
}

// A condition in the state that a person should see.
void add_condition(std::string& out, const api::StreamJobStatus& status, const char* type,
                   api::Truth shown, const char* label, const Screen& screen) {
  const api::Condition* found = api::find_condition(status.conditions, type);
  if (found != nullptr && found->status == shown)
    add_message(out, label, found->reason + ": " + found->message, "31", screen);
}

// "5 more rows" in place of what a terminal has no room for.
std::string cut_rows(const std::string& text, std::size_t height) {
  std::size_t rows = static_cast<std::size_t>(std::ranges::count(text, '\n'));
  if (height == 0 || rows < height) return text;
  std::size_t end = 0;
  for (std::size_t row = 0; row + 2 < height; ++row, --rows) end = text.find('\n', end) + 1;
  return text.substr(0, end) + "... " + std::to_string(rows) + " more rows\n";
}

void add_operators(std::string& out, const api::StreamJob& job, const Screen& screen) {
  // The numbers around the name take 52 columns.
  const std::size_t name_width = std::clamp<std::size_t>(screen.width, 68, 96) - 52;
  for (const api::OperatorStatus& one : job.status.operators) {
    std::string line = "    " + fit(harmless(one.name), name_width) + " x" +
                       pad(std::to_string(one.parallelism), 4);
    line += one.busy
                ? bar(*one.busy) + " " + pad(std::to_string(std::lround(*one.busy * 100)) + "%", 5)
                : pad("busy unknown", 16);
    line += " in " + pad(count_or_unknown(one.records_in_per_second), 7) + "/s  out " +
            count_or_unknown(one.records_out_per_second) + "/s";
    out += cut(line, screen.width) + "\n";
  }
}

// What status says of rates is of now only while a process runs.
bool is_over(api::Phase phase) {
  return phase == api::Phase::kFinished || phase == api::Phase::kFailed ||
         phase == api::Phase::kSuspended;
}

void add_job(std::string& out, const api::StreamJob& job, const Screen& screen) {
  const api::StreamJobStatus& status = job.status;
  const bool over = is_over(status.phase);
  const auto lag = sum(status.operators, &api::OperatorStatus::lag);
  std::string line = paint(screen, "1", fit(job.metadata.name, 22)) + " " +
                     paint(screen, colour_of(status.phase), pad(name_of(status.phase), 11)) + " " +
                     pad(count_or_unknown(over ? std::nullopt : input_rate(job)), 9) + " " +
                     pad(count_or_unknown(over ? std::nullopt : lag), 8) + " " +
                     pad(std::to_string(status.parallelism.running) + "/" +
                             std::to_string(status.parallelism.desired),
                         6) +
                     " " + checkpoint_text(status.checkpoint, screen);
  out += cut(line, screen.width) + "\n";
  if (!over) {
    add_operators(out, job, screen);
    add_message(out, "rescale", rescale_text(status.last_scale, screen.now), nullptr, screen);
    if (status.scaling)
      add_message(out, "autoscaler", status.scaling->reason + ": " + status.scaling->message,
                  nullptr, screen);
  }
  add_condition(out, status, "Degraded", api::Truth::kTrue, "degraded", screen);
  add_condition(out, status, "Accepted", api::Truth::kFalse, "refused", screen);
  add_condition(out, status, "Ready", api::Truth::kUnknown, "unknown", screen);
  const api::Condition* scaling = api::find_condition(status.conditions, "ScalingActive");
  if (scaling != nullptr &&
      (scaling->reason == "TwoWriters" || scaling->reason.starts_with("Policy")) &&
      scaling->reason != "PolicyFollowed")
    add_message(out, "scaling", scaling->reason + ": " + scaling->message, "31", screen);
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
  return cut_rows(out, screen.height);
}

}  // namespace penstock
