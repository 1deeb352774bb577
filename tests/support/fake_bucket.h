#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/guarded.h"
#include "runtime/storage/s3_http.h"

namespace penstock {

// Time that passes as soon as somebody sleeps. Any thread.
class EagerClock final : public Clock {
 public:
  Millis now() override { return monotonic() / std::chrono::milliseconds(1); }
  Duration monotonic() override { return Duration(passed_.load()); }
  bool sleep(Duration duration, const std::stop_token& stop) override {
    passed_ += duration.count();
    slept_.with([&](auto& all) { all.push_back(duration); });
    return !stop.stop_requested();
  }
  std::vector<Duration> slept() const {
    return slept_.with([](const auto& all) { return all; });
  }

 private:
  std::atomic<std::int64_t> passed_{0};
  Guarded<std::vector<Duration>> slept_;
};

// A bucket "b" as S3 keeps one, behind the port: path style at http://s3, pages of two names. Any
// thread.
class FakeBucket final : public s3::Http {
 public:
  using Answered = Result<s3::Answer>;
  // Each is asked once, in order, before the bucket: what it returns is the answer.
  using Script = std::function<Answered(const s3::Request&, FakeBucket&)>;

  bool ignores_if_none_match = false;
  bool knows_ranges = true;

  void script(std::vector<Script> steps) {
    scripts_.with([&](auto& all) { all.assign(steps.begin(), steps.end()); });
  }
  std::vector<s3::Request> requests() const {
    return requests_.with([](const auto& all) { return all; });
  }

  Answered send(const s3::Request& request, const std::stop_token& stop) override {
    if (stop.stop_requested()) return Error{Code::kCancelled, "cancelled"};
    requests_.with([&](auto& all) {
      all.push_back(request);
      all.back().body = {};  // gone when the caller has its answer
    });
    const Script step = scripts_.with([](auto& all) {
      Script first;
      if (!all.empty()) {
        first = std::move(all.front());
        all.pop_front();
      }
      return first;
    });
    return step ? step(request, *this) : serve(request);
  }

  // What the bucket itself does.
  Answered serve(const s3::Request& request) {
    constexpr std::string_view kRoot = "http://s3/b/";
    const std::string rest = request.url.substr(kRoot.size());
    return objects_.with([&](auto& objects) -> Answered {
      if (rest.starts_with('?')) return list(objects, rest.substr(1));
      if (request.method == "PUT") return put(objects, rest, request);
      const auto found = objects.find(rest);
      if (request.method == "DELETE") {
        if (found != objects.end()) objects.erase(found);
        return s3::Answer{.status = 204};
      }
      if (found == objects.end()) return error(404, "NoSuchKey");
      return read(found->second, request);
    });
  }

  static s3::Answer error(int status, const std::string& code, s3::Headers headers = {}) {
    return {.status = status,
            .headers = std::move(headers),
            .body = "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>Said " + code +
                    ".</Message></Error>"};
  }

 private:
  struct Object {
    std::string bytes, put_id;
  };
  using Objects = std::map<std::string, Object>;

  Answered put(Objects& objects, const std::string& key, const s3::Request& request) const {
    const bool absent = request.headers.contains("if-none-match") && !ignores_if_none_match;
    if (absent && objects.contains(key)) return error(412, "PreconditionFailed");
    objects[key] = {std::string(request.body), request.headers.at("x-amz-meta-penstock-put")};
    return s3::Answer{.status = 200};
  }

  Answered read(const Object& object, const s3::Request& request) const {
    const std::string total = std::to_string(object.bytes.size());
    s3::Answer answer{
        .status = 200,
        .headers = {{"x-amz-meta-penstock-put", object.put_id}, {"content-length", total}}};
    if (request.method == "HEAD") return answer;
    answer.body = object.bytes;
    const auto range = request.headers.find("range");
    if (range == request.headers.end() || !knows_ranges) return answer;
    const std::size_t dash = range->second.find('-');
    const std::uint64_t from = std::stoull(range->second.substr(6, dash - 6));
    const std::uint64_t last = std::stoull(range->second.substr(dash + 1));
    if (from >= object.bytes.size()) return error(416, "InvalidRange");
    answer.status = 206;
    answer.body = object.bytes.substr(from, last - from + 1);
    answer.headers["content-range"] = "bytes " + range->second.substr(6) + "/" + total;
    return answer;
  }

  static Answered list(const Objects& objects, const std::string& query) {
    const std::string prefix = unescape(parameter(query, "prefix"));
    const std::string after = unescape(parameter(query, "continuation-token"));
    std::string keys, last;
    int found = 0;
    for (const auto& [key, object] : objects) {
      if (!key.starts_with(prefix) || key <= after) continue;
      if (++found > 2) break;
      keys += "<Contents><Key>" + key + "</Key></Contents>";
      last = key;
    }
    const bool more = found > 2;
    return s3::Answer{
        .status = 200,
        .body = "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>" +
                std::string(more ? "true" : "false") + "</IsTruncated>" + keys +
                (more ? "<NextContinuationToken>" + last + "</NextContinuationToken>" : "") +
                "</ListBucketResult>"};
  }

  static std::string parameter(const std::string& query, const std::string& name) {
    const std::size_t at = ("&" + query).find("&" + name + "=");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + name.size() + 1;
    return query.substr(begin, query.find('&', begin) - begin);
  }
  static std::string unescape(std::string text) {
    for (std::size_t at = text.find("%2F"); at != std::string::npos; at = text.find("%2F"))
      text.replace(at, 3, "/");
    return text;
  }

  Guarded<Objects> objects_;
  Guarded<std::deque<Script>> scripts_;
  Guarded<std::vector<s3::Request>> requests_;
};

// A prefix of that bucket.
inline s3::Config fake_bucket_config(std::string prefix = "p") {
  return {.bucket = "b", .prefix = std::move(prefix), .endpoint = "http://s3", .region = "r"};
}

}  // namespace penstock
