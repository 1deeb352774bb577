#include "runtime/storage/s3_store.h"

#include <algorithm>
#include <limits>

#include "runtime/base/log.h"
#include "runtime/storage/blob_name.h"

namespace penstock {
namespace {

using s3::Verdict;

// A name that begins with a dot is never listed.
constexpr std::string_view kProbe = ".probe";
constexpr int kPage = 1000;

}  // namespace

S3Store::S3Store(s3::Config config, Ports ports)
    : config_(std::move(config)),
      http_(std::move(ports.http)),
      clock_(ports.clock),
      region_(config_.region),
      random_(Random(ports.seed)) {}

Result<std::unique_ptr<S3Store>> S3Store::open(s3::Config config, Ports ports) {
  std::unique_ptr<S3Store> store(new S3Store(std::move(config), std::move(ports)));
  TRY(store->probe());
  return store;
}

Result<std::unique_ptr<S3Store>> S3Store::open_existing(s3::Config config, Ports ports) {
  std::unique_ptr<S3Store> store(new S3Store(std::move(config), std::move(ports)));
  TRY_ASSIGN(const s3::ListPage page, store->list_page("", "", 1));
  if (page.names.empty())
    return Error{Code::kNotFound,
                 "there is nothing in " + store->uri() + " (" + store->config_.place() + ")"};
  return store;
}

// Two puts of one name must not both succeed: a server that ignores If-None-Match would let two
// processes own one job.
Status S3Store::probe() {
  for (int puts = 0; puts < 2; ++puts) {
    const Reply reply = put(kProbe, "", draw_put_id());
    if (reply.judgement.verdict == Verdict::kTaken) return ok();
    if (reply.judgement.verdict != Verdict::kDone) return reply.judgement.error;
  }
  return Error{Code::kInvalid,
               config_.place() +
                   ": the server ignores If-None-Match (it overwrote an object), so that two "
                   "processes could own one job; use a server with conditional writes"};
}

// The configuration with the region that the bucket turned out to be in.
s3::Config S3Store::here() {
  s3::Config config = config_;
  config.region = region_.with([](const std::string& region) { return region; });
  return config;
}

// Asks until the answer is one, or patience is at its end (then kFailed, and a PUT may have
// arrived).
S3Store::Reply S3Store::ask(const MakeRequest& make) {
  const Duration begun = clock_.monotonic();
  for (int tries = 1;; ++tries) {
    const s3::Config config = here();
    Result<s3::Answer> answer = http_->send(make(config), stop_.get_token());
    s3::Judgement judgement = s3::judge(config, answer);
    const bool moved = judgement.verdict == Verdict::kOtherRegion;
    if (moved) region_.with([&](std::string& region) { region = judgement.region; });
    if (!moved && judgement.verdict != Verdict::kAgain)
      return {std::move(judgement), answer ? std::move(*answer) : s3::Answer{}};
    const Duration wait =
        moved ? Duration(0)
              : random_.with([&](Random& random) { return s3::back_off(tries, random); });
    const bool goes_on = tries < kTries && clock_.monotonic() - begun + wait < kPatience &&
                         (moved || clock_.sleep(wait, stop_.get_token()));
    if (!goes_on) return {{Verdict::kFailed, std::move(judgement.error), {}}, {}};
    log::debug("S3 asked again", {{"reason", judgement.error.message}});
  }
}

std::string S3Store::draw_put_id() {
  return random_.with([](Random& random) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string id;
    for (int i = 0; i < 32; ++i) id += kDigits[random.below(16)];
    return id;
  });
}

S3Store::Reply S3Store::put(std::string_view name, std::string_view bytes,
                            const std::string& put_id) {
  return ask(
      [&](const s3::Config& config) { return s3::put_request(config, name, bytes, put_id); });
}

Status S3Store::put_if_absent(std::string_view name, std::string_view bytes) {
  TRY(check_blob_name(name));
  if (bytes.size() > s3::kLargestBlob)
    return Error{Code::kInvalid,
                 "an object of S3 is at most 5 GiB in one request: " + std::string(name) + " has " +
                     std::to_string(bytes.size()) + " bytes"};
  const std::string put_id = draw_put_id();
  const Reply reply = put(name, bytes, put_id);
  if (reply.judgement.verdict == Verdict::kDone) return ok();
  if (reply.judgement.verdict != Verdict::kTaken) return reply.judgement.error;
  // Taken, perhaps by this very put: its first answer was lost on the way.
  const Reply there = ask([&](const s3::Config& config) { return s3::head_request(config, name); });
  if (there.judgement.verdict != Verdict::kDone && there.judgement.verdict != Verdict::kNotThere)
    return there.judgement.error;
  const auto id = there.answer.headers.find(s3::kPutIdHeader);
  if (id != there.answer.headers.end() && id->second == put_id) return ok();
  return Error{Code::kAlreadyExists, "the name is taken: " + uri() + "/" + std::string(name)};
}

Error S3Store::not_found(std::string_view name) const {
  return {Code::kNotFound, "no such object: " + uri() + "/" + std::string(name)};
}

Error S3Store::too_short(std::string_view name, std::uint64_t offset, std::uint64_t size,
                         std::uint64_t total) const {
  return {Code::kCorrupt, "the object is shorter than expected: " + uri() + "/" +
                              std::string(name) + " has " + std::to_string(total) +
                              " bytes, wanted " + std::to_string(size) + " from " +
                              std::to_string(offset)};
}

Result<std::string> S3Store::get(std::string_view name) {
  TRY(check_blob_name(name));
  Reply reply = ask([&](const s3::Config& config) { return s3::get_request(config, name, ""); });
  if (reply.judgement.verdict == Verdict::kNotThere) return not_found(name);
  if (reply.judgement.verdict != Verdict::kDone) return reply.judgement.error;
  return std::move(reply.answer.body);
}

Result<std::uint64_t> S3Store::size_of(std::string_view name) {
  const Reply reply = ask([&](const s3::Config& config) { return s3::head_request(config, name); });
  if (reply.judgement.verdict == Verdict::kNotThere) return not_found(name);
  if (reply.judgement.verdict != Verdict::kDone) return reply.judgement.error;
  if (const auto total = s3::total_size(reply.answer)) return *total;
  return Error{Code::kUnavailable, config_.place() + ": no size is said of " + std::string(name)};
}

Result<std::string> S3Store::get_range(std::string_view name, std::uint64_t offset,
                                       std::uint64_t size) {
  TRY(check_blob_name(name));
  // No range of S3 is empty, and none begins at the end.
  if (size == 0 || offset > std::numeric_limits<std::uint64_t>::max() - size) {
    TRY_ASSIGN(const std::uint64_t total, size_of(name));
    if (size > 0 || offset > total) return too_short(name, offset, size, total);
    return std::string();
  }
  const std::string range =
      "bytes=" + std::to_string(offset) + "-" + std::to_string(offset + size - 1);
  Reply reply = ask([&](const s3::Config& config) { return s3::get_request(config, name, range); });
  if (reply.judgement.verdict == Verdict::kNotThere) return not_found(name);
  if (reply.judgement.verdict == Verdict::kBeyond) {
    TRY_ASSIGN(const std::uint64_t total, size_of(name));
    return too_short(name, offset, size, total);
  }
  if (reply.judgement.verdict != Verdict::kDone) return reply.judgement.error;
  std::string& body = reply.answer.body;
  if (reply.answer.status != 206) {  // a server that knows no ranges sends everything
    if (offset > body.size() || size > body.size() - offset)
      return too_short(name, offset, size, body.size());
    return body.substr(offset, size);
  }
  if (body.size() != size)
    return too_short(name, offset, size, s3::total_size(reply.answer).value_or(body.size()));
  return std::move(body);
}

Result<s3::ListPage> S3Store::list_page(std::string_view prefix, std::string_view token, int most) {
  const Reply reply =
      ask([&](const s3::Config& config) { return s3::list_request(config, prefix, token, most); });
  if (reply.judgement.verdict != Verdict::kDone) return reply.judgement.error;
  return s3::read_list(config_, reply.answer.body);
}

Result<std::vector<std::string>> S3Store::list(std::string_view prefix) {
  std::vector<std::string> names;
  std::string token;
  do {
    TRY_ASSIGN(s3::ListPage page, list_page(prefix, token, kPage));
    for (std::string& name : page.names)
      if (check_blob_name(name)) names.push_back(std::move(name));
    token = std::move(page.next);
  } while (!token.empty());
  std::ranges::sort(names);
  return names;
}

Status S3Store::remove(std::string_view name) {
  TRY(check_blob_name(name));
  const Reply reply =
      ask([&](const s3::Config& config) { return s3::remove_request(config, name); });
  const bool gone =
      reply.judgement.verdict == Verdict::kDone || reply.judgement.verdict == Verdict::kNotThere;
  return gone ? ok() : Status(reply.judgement.error);
}

}  // namespace penstock
