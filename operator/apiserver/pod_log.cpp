#include "operator/apiserver/pod_log.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>

#include "operator/apiserver/json_path.h"

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

// Reads a file from a place on; a follower looks again now and then, until the container has ended.
class LogSource final : public http::BodySource {
 public:
  LogSource(LogOptions options, FindLog find_log, LogFile file)
      : options_(std::move(options)), find_log_(std::move(find_log)), file_(std::move(file)) {
    if (options_.tail_lines) offset_ = tail_offset(file_.path, *options_.tail_lines);
  }

  http::Chunk next() override {
    // Asked first, read second: what was written before the end is not missed.
    const bool running = options_.follow && still_running();
    std::string block = read_block();
    if (!block.empty()) return http::Chunk::of(std::move(block));
    const bool full = options_.limit_bytes && *options_.limit_bytes <= sent_;
    return running && !full ? http::Chunk::wait(kFollowPause) : http::Chunk::end();
  }

 private:
  bool still_running() {
    const auto found = find_log_(options_.target);
    return found && found->running && found->path == file_.path;
  }

  std::string read_block() {
    std::size_t wanted = kBlock;
    if (options_.limit_bytes) {
      wanted = static_cast<std::size_t>(
          std::clamp<std::int64_t>(*options_.limit_bytes - sent_, 0, kBlock));
    }
    std::ifstream file(file_.path, std::ios::binary);
    file.seekg(offset_);
    std::string block(wanted, '\0');
    file.read(block.data(), static_cast<std::streamsize>(wanted));
    block.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
    offset_ += static_cast<std::int64_t>(block.size());
    sent_ += static_cast<std::int64_t>(block.size());
    return block;
  }

  const LogOptions options_;
  const FindLog find_log_;
  const LogFile file_;
  std::int64_t offset_ = 0;
  std::int64_t sent_ = 0;
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

Answer<LogOptions> parse_log_options(const Query& query, const Json& pod) {
  LogOptions options;
  LogTarget& target = options.target;
  target.name_space = text_at(pod, ".metadata.namespace");
  target.pod = text_at(pod, ".metadata.name");
  target.uid = text_at(pod, ".metadata.uid");
  target.container = query.get("container");
  target.previous = query.flag("previous");
  options.follow = query.flag("follow");
  for (const char* name : {"sinceSeconds", "sinceTime", "timestamps"}) {
    if (query.flag(name)) {
      return not_implemented(std::string("logs by ") + name +
                             ": lines are stored as written, without their time");
    }
  }
  auto tail = number_option(query, "tailLines");
  if (!tail) return tail.error();
  auto limit = number_option(query, "limitBytes");
  if (!limit) return limit.error();
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

Answer<http::Reply> open_log(const LogOptions& options, const FindLog& find_log) {
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
      [options, find_log, found = *file](const http::Waker&) {
        return std::make_unique<LogSource>(options, find_log, found);
      }});
}

}  // namespace penstock::apiserver
