#include "runtime/storage/s3_protocol.h"

#include <algorithm>
#include <charconv>

#include "runtime/base/percent.h"
#include "runtime/storage/s3_xml.h"

namespace penstock::s3 {
namespace {

constexpr Duration kShortRequest = std::chrono::seconds(30);
// A connection slower than this is no place for checkpoints.
constexpr std::uint64_t kSlowestBytesPerSecond = 1 << 20;
constexpr Duration kFirstWait = std::chrono::milliseconds(100);
constexpr Duration kLongestWait = std::chrono::seconds(2);

// Where the bucket's own path begins. A server with an endpoint of its own gets the bucket in the
// path; at AWS it is in the host's name, but for one whose dots no certificate covers.
std::string bucket_url(const Config& config) {
  if (!config.endpoint.empty()) return config.endpoint + "/" + config.bucket;
  const std::string host = "s3." + config.region + ".amazonaws.com";
  if (config.bucket.find('.') != std::string::npos) return "https://" + host + "/" + config.bucket;
  return "https://" + config.bucket + "." + host;
}

std::string key_of(const Config& config, std::string_view name) {
  return config.prefix.empty() ? std::string(name) : config.prefix + "/" + std::string(name);
}

Request object_request(const Config& config, std::string_view method, std::string_view name,
                       std::uint64_t size) {
  return {.method = std::string(method),
          .url = bucket_url(config) + "/" + encode_percent(key_of(config, name), "/"),
          .region = config.region,
          .limit = kShortRequest + std::chrono::seconds(size / kSlowestBytesPerSecond)};
}

std::string header(const Answer& answer, const char* name) {
  const auto found = answer.headers.find(name);
  return found == answer.headers.end() ? "" : found->second;
}

std::string_view advice(int status, std::string_view code) {
  if (code == "NoSuchBucket") return "; make the bucket or choose another one";
  if (code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch")
    return "; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
  if (code == "ExpiredToken" || code == "InvalidToken")
    return "; renew AWS_SESSION_TOKEN and the keys that belong to it";
  if (code == "RequestTimeTooSkewed") return "; set this machine's clock";
  if (status == 403)
    return "; let this user s3:ListBucket there and s3:GetObject, s3:PutObject and s3:DeleteObject "
           "below the prefix";
  if (status == 401) return "; check the keys in the environment";
  if (code == "NotImplemented")
    return "; the server lacks something that is needed (conditional writes: If-None-Match); use "
           "one that has it";
  return "";
}

// "bucket "b" at https://h: NoSuchBucket (HTTP 404): The bucket does not exist; make ..."
Error said(const Config& config, const Answer& answer, const ErrorText& text) {
  std::string message = config.place() + ": ";
  message += text.code.empty() ? "" : text.code + " ";
  message += "(HTTP " + std::to_string(answer.status) + ")";
  if (!text.message.empty()) message += ": " + text.message.substr(0, 300);
  while (message.ends_with('.')) message.pop_back();
  message += advice(answer.status, text.code);
  return {Code::kUnavailable, std::move(message)};
}

bool may_pass(int status, std::string_view code) {
  if (code == "SlowDown" || code == "RequestTimeout" || code == "OperationAborted" ||
      code == "ConditionalRequestConflict")
    return true;
  return status == 307 || status == 408 || status == 429 || status == 500 || status == 502 ||
         status == 503 || status == 504;
}

}  // namespace

Request put_request(const Config& config, std::string_view name, std::string_view bytes,
                    const std::string& put_id) {
  Request request = object_request(config, "PUT", name, bytes.size());
  request.headers = {
      {"content-type", "application/octet-stream"}, {"if-none-match", "*"}, {kPutIdHeader, put_id}};
  request.body = bytes;
  return request;
}

Request get_request(const Config& config, std::string_view name, std::string range) {
  Request request = object_request(config, "GET", name, kLargestBlob);
  if (!range.empty()) request.headers["range"] = std::move(range);
  return request;
}

Request head_request(const Config& config, std::string_view name) {
  return object_request(config, "HEAD", name, 0);
}

Request remove_request(const Config& config, std::string_view name) {
  return object_request(config, "DELETE", name, 0);
}

Request list_request(const Config& config, std::string_view prefix, std::string_view token,
                     int most) {
  std::string query;
  if (!token.empty()) query = "continuation-token=" + encode_percent(token) + "&";
  query += "encoding-type=url&list-type=2&max-keys=" + std::to_string(most) + "&prefix=";
  query += encode_percent(key_of(config, prefix));
  return {
      .url = bucket_url(config) + "/?" + query, .region = config.region, .limit = kShortRequest};
}

Judgement judge(const Config& config, const Result<Answer>& answer) {
  if (!answer) {
    const bool over = answer.error().code == Code::kCancelled;
    return {over ? Verdict::kFailed : Verdict::kAgain, answer.error().within(config.place()), {}};
  }
  if (answer->status >= 200 && answer->status < 300) return {};
  const ErrorText text = read_error_text(answer->body);
  Judgement judgement{Verdict::kFailed, said(config, *answer, text), {}};
  const std::string named = header(*answer, "x-amz-bucket-region");
  judgement.region = named.empty() ? text.region : named;
  if (answer->status == 404 && text.code != "NoSuchBucket") {
    judgement.verdict = Verdict::kNotThere;
  } else if (answer->status == 412) {
    judgement.verdict = Verdict::kTaken;
  } else if (answer->status == 416) {
    judgement.verdict = Verdict::kBeyond;
  } else if (!judgement.region.empty() && judgement.region != config.region &&
             (answer->status == 301 || answer->status == 307 || answer->status == 400)) {
    judgement.verdict = Verdict::kOtherRegion;
  } else if (may_pass(answer->status, text.code)) {
    judgement.verdict = Verdict::kAgain;
  }
  return judgement;
}

Duration back_off(int failures, Random& random) {
  Duration wait = kFirstWait;
  for (int i = 1; i < failures && wait < kLongestWait; ++i) wait *= 2;
  wait = std::min(wait, kLongestWait);
  const auto half = static_cast<std::uint64_t>(wait.count() / 2);
  return Duration(static_cast<std::int64_t>(half + random.below(half + 1)));
}

Result<ListPage> read_list(const Config& config, std::string_view xml) {
  const Result<ListText> text = read_list_text(xml);
  if (!text) return text.error().within(config.place());
  const std::string root = key_of(config, "");
  ListPage page{.next = text->truncated ? text->next_token : ""};
  for (const std::string& key : text->keys)
    if (key.starts_with(root)) page.names.push_back(key.substr(root.size()));
  return page;
}

std::optional<std::uint64_t> total_size(const Answer& answer) {
  std::string text = header(answer, "content-range");  // "bytes 0-9/1234"
  text = text.empty() ? header(answer, "content-length") : text.substr(text.rfind('/') + 1);
  std::uint64_t size = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return size;
}

}  // namespace penstock::s3
