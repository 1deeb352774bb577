#include "operator/apiserver/pod_log.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>

#include "operator/apiserver/json_path.h"
#include "operator/apiserver/line_times.h"
#include "operator/apiserver/time_text.h"

namespace penstock::apiserver {

namespace {

constexpr std::size_t kBlock = 64 * 1024;
constexpr Duration kFollowPause = std::chrono::milliseconds(200);

// Where the last `lines` lines of a file begin.
std::int64_t tail_offset(const std::string& path, std::int64_t lines) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::int64_t end = file.tellg();
  if (!file || end <= 0) return 0;
  std::int64_t seen = 0;
  const std::int64_t size = end;
  std::string block;
  while (end > 0) {
    const std::int64_t begin = std::max<std::int64_t>(0, end - static_cast<std::int64_t>(kBlock));
    block.resize(static_cast<std::size_t>(end - begin));
    file.seekg(begin);
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    for (std::int64_t i = end - begin - 1; i >= 0; --i) {
      const bool is_end_of_line =
          block[static_cast<std::size_t>(i)] == '\n' && begin + i + 1 < size;
      if (is_end_of_line && ++seen == lines) return begin + i + 1;
      if (lines == 0) return size;
    }
    end = begin;
  }
  return 0;
}

// Where the line begins that the byte before `offset` belongs to, unless that byte ends it.
std::int64_t line_start(const std::string& path, std::int64_t offset) {
  std::ifstream file(path, std::ios::binary);
  std::string block;
  while (offset > 0) {
    const std::int64_t begin = std::max<std::int64_t>(0, offset - std::int64_t{kBlock});
    block.resize(static_cast<std::size_t>(offset - begin));
    file.seekg(begin);
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    const std::size_t end = block.rfind('\n');
    if (end != std::string::npos) return begin + static_cast<std::int64_t>(end) + 1;
    offset = begin;
  }
  return 0;
}

// "2026-11-22T17:57:44.123000000Z": as a kubelet writes it, as exactly as it is known.
std::string line_time(Millis time) {
  std::string text = to_timestamp(time);
  std::string millis = std::to_string(1000 + time % 1000);
  text.replace(text.size() - 1, 1, "." + millis.substr(1) + "000000Z");
  return text;
}

// Reads a file from a place on; a follower looks again now and then, until the container has ended.
class LogSource final : public http::BodySource {
 public:
  LogSource(LogOptions options, FindLog find_log, LogFile file, Clock& clock)
      : options_(std::move(options)),
        find_log_(std::move(find_log)),
        file_(std::move(file)),
        clock_(clock) {
    if (options_.tail_lines) offset_ = tail_offset(file_.path, *options_.tail_lines);
    if (options_.since) {
      const std::int64_t first = times().first_since(*options_.since);
      offset_ = std::max(offset_, line_start(file_.path, first));
    }
  }

  http::Chunk next() override {
    // Asked first, read second: what was written before the end is not missed.
    const bool running = options_.follow && still_running();
    std::string block = read_block();
    if (options_.timestamps) block = with_times(std::move(block), running);
    if (options_.limit_bytes) {
      const std::int64_t left = *options_.limit_bytes - sent_;
      block.resize(
          std::min(block.size(), static_cast<std::size_t>(std::max<std::int64_t>(left, 0))));
    }
    sent_ += static_cast<std::int64_t>(block.size());
    if (!block.empty()) return http::Chunk::of(std::move(block));
    const bool full = options_.limit_bytes && *options_.limit_bytes <= sent_;
    return running && !full ? http::Chunk::wait(kFollowPause) : http::Chunk::end();
  }

 private:
  LineTimes times() const { return LineTimes::read(file_.times, clock_.now()); }

  bool still_running() {
    const auto found = find_log_(options_.target);
    return found && found->running && found->path == file_.path;
  }

  std::string read_block() {
    std::ifstream file(file_.path, std::ios::binary);
    file.seekg(offset_);
    std::string block(kBlock, '\0');
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    block.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
    offset_ += static_cast<std::int64_t>(block.size());
    return block;
  }

  // Puts the time before each line. A line that has not ended yet waits, unless nothing more is to
  // come or it is longer than a block.
  std::string with_times(std::string block, bool running) {
    const std::size_t end = block.rfind('\n');
    const bool waits = running || block.size() == kBlock;
    if (waits && end != std::string::npos) {
      offset_ -= static_cast<std::int64_t>(block.size() - end - 1);
      block.resize(end + 1);
    } else if (running && block.size() < kBlock) {
      offset_ -= static_cast<std::int64_t>(block.size());
      return "";
    }
    const std::int64_t begin = offset_ - static_cast<std::int64_t>(block.size());
    const LineTimes written = times();
    std::string out;
    for (std::size_t at = 0; at < block.size();) {
      const std::size_t line_end = std::min(block.find('\n', at), block.size() - 1) + 1;
      if (at_line_start_)
        out += line_time(written.at(begin + static_cast<std::int64_t>(line_end) - 1)) + " ";
      out.append(block, at, line_end - at);
      at_line_start_ = block[line_end - 1] == '\n';
      at = line_end;
    }
    return out;
  }

  const LogOptions options_;
  const FindLog find_log_;
  const LogFile file_;
  Clock& clock_;
  std::int64_t offset_ = 0;
  std::int64_t sent_ = 0;
  bool at_line_start_ = true;
};

Answer<std::optional<std::int64_t>> number_option(const Query& query, const char* name) {
  const std::string text = query.get(name);
  if (text.empty()) return std::optional<std::int64_t>();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    return bad_request(std::string(name) + ": Invalid value: \"" + text +
                       "\": must be a number, 0 or more");
  }
  return std::optional(value);
}

}  // namespace

namespace {

// What `sinceSeconds` or `sinceTime` say; a real server takes one of them.
Answer<std::optional<Millis>> since_option(const Query& query, Millis now) {
  const ObjectName named{"", "", "PodLogOptions", ""};
  const auto seconds = number_option(query, "sinceSeconds");
  if (!seconds) return seconds.error();
  const std::string time = query.get("sinceTime");
  if (*seconds && !time.empty())
    return invalid(named,
                   {{"FieldValueForbidden", "sinceSeconds",
                     "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"}});
  if (*seconds && **seconds == 0)
    return invalid(
        named, {{"FieldValueInvalid", "sinceSeconds", "Invalid value: 0: must be greater than 0"}});
  if (*seconds) return std::optional(now - **seconds * 1000);
  if (time.empty()) return std::optional<Millis>();
  const Millis since = from_timestamp(time);
  if (since == 0) return bad_request("sinceTime: cannot parse " + Json(time).dump() + " as a time");
  return std::optional(since);
}

}  // namespace

Answer<LogOptions> parse_log_options(const Query& query, const Json& pod, Millis now) {
  LogOptions options;
  LogTarget& target = options.target;
  target.name_space = text_at(pod, ".metadata.namespace");
  target.pod = text_at(pod, ".metadata.name");
  target.uid = text_at(pod, ".metadata.uid");
  target.container = query.get("container");
  target.previous = query.flag("previous");
  options.follow = query.flag("follow");
  auto tail = number_option(query, "tailLines");
  if (!tail) return tail.error();
  auto limit = number_option(query, "limitBytes");
  if (!limit) return limit.error();
  auto since = since_option(query, now);
  if (!since) return since.error();
  options.since = *since;
  options.timestamps = query.flag("timestamps");
  options.tail_lines = *tail;
  options.limit_bytes = *limit;

  const Json* containers = find_path(pod, ".spec.containers");
  const bool single = containers != nullptr && containers->size() == 1;
  if (target.container.empty() && !single) {
    return bad_request("a container name must be specified for pod " + target.pod);
  }
  if (target.container.empty()) target.container = text_at(containers->front(), ".name");
  const bool known =
      containers != nullptr && std::ranges::any_of(*containers, [&](const Json& container) {
        return text_at(container, ".name") == target.container;
      });
  if (!known)
    return bad_request("container " + target.container + " is not valid for pod " + target.pod);
  return options;
}

Answer<http::Reply> open_log(const LogOptions& options, const FindLog& find_log, Clock& clock) {
  const LogTarget& target = options.target;
  const Result<LogFile> file =
      find_log ? find_log(target) : Result<LogFile>(Error{Code::kNotFound, "no process runner"});
  if (!file && file.error().code != Code::kNotFound) return internal_error(file.error().message);
  if (!file && target.previous) {
    return bad_request("previous terminated container \"" + target.container + "\" in pod \"" +
                       target.pod + "\" not found");
  }
  if (!file) {
    return bad_request("container \"" + target.container + "\" in pod \"" + target.pod +
                       "\" is waiting to start: ContainerCreating");
  }
  return http::Reply(http::StreamingResponse{
      200,
      {{"Content-Type", "text/plain"}, {"Cache-Control", "no-cache, private"}},
      [options, find_log, found = *file, &clock](const http::Waker&) {
        return std::make_unique<LogSource>(options, find_log, found, clock);
      }});
}

}  // namespace penstock::apiserver
