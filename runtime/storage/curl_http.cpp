// S3 over libcurl: the only place that knows it.

#include <curl/curl.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "runtime/storage/s3_http.h"

namespace penstock::s3 {
namespace {

constexpr long kConnectMillis = 5000;
// A connection that moves less than this for so long is taken for dead.
constexpr long kSlowestBytesPerSecond = 64, kSilentSeconds = 15;
constexpr std::size_t kLongestBody = (5ull << 30) + 1;

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

// Once in a process, before the first use.
bool library_is_there() {
  static const bool kThere = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return kThere;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    return "";
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i)
    hex.append({kDigits[digest[i] >> 4], kDigits[digest[i] & 15]});
  return hex;
}

// 0, which ends the transfer, when the answer is longer than anything that is asked for.
std::size_t take_body(char* bytes, std::size_t, std::size_t size, void* into) {
  auto& body = static_cast<Answer*>(into)->body;
  if (body.size() + size > kLongestBody) return 0;
  body.append(bytes, size);
  return size;
}

std::size_t take_header(char* bytes, std::size_t, std::size_t size, void* into) {
  auto& answer = *static_cast<Answer*>(into);
  const std::string_view line(bytes, size);
  if (line.starts_with("HTTP/")) answer.headers.clear();  // the answer after "100 Continue"
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return size;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  std::string_view value = line.substr(colon + 1);
  const auto blank = [](char c) { return c == ' ' || c == '\r' || c == '\n' || c == '\t'; };
  while (!value.empty() && blank(value.front())) value.remove_prefix(1);
  while (!value.empty() && blank(value.back())) value.remove_suffix(1);
  answer.headers[name] = value;
  return size;
}

// Asked about once a second: another value than 0 ends the transfer.
int is_over(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::stop_token*>(stop)->stop_requested() ? 1 : 0;
}

Error transfer_error(CURLcode code, const char* details) {
  const std::string text = *details != '\0' ? details : curl_easy_strerror(code);
  switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
      return {Code::kCancelled, "cancelled"};
    case CURLE_OPERATION_TIMEDOUT:
      return {Code::kUnavailable, "no answer in time: " + text};
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {Code::kUnavailable, text + "; is the endpoint (AWS_ENDPOINT_URL) right and up?"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return {Code::kUnavailable,
              text + "; AWS_CA_BUNDLE is a file (or PEM text) with the authorities to trust"};
    default:
      return {Code::kUnavailable, text};
  }
}

class CurlHttp final : public Http {
 public:
  CurlHttp(Credentials credentials, std::string ca_bundle)
      : credentials_(std::move(credentials)), ca_bundle_(std::move(ca_bundle)) {}

  Result<Answer> send(const Request& request, const std::stop_token& stop) override;

 private:
  Easy borrow(const std::stop_token& stop);
  void give_back(Easy easy);
  Result<HeaderList> headers(const Request& request) const;
  void sign(CURL* easy, const Request& request) const;
  void trust(CURL* easy) const;

  const Credentials credentials_;
  const std::string ca_bundle_;
  std::mutex mutex_;
  std::condition_variable_any returned_;
  std::vector<Easy> idle_;  // each keeps its connection
  int made_ = 0;
};

// Empty when `stop` was requested or there is no memory.
Easy CurlHttp::borrow(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto free = [this] { return !idle_.empty() || made_ < kConnections; };
  if (!returned_.wait(lock, stop, free)) return nullptr;
  if (idle_.empty()) {
    Easy easy(curl_easy_init());
    if (easy) ++made_;
    return easy;
  }
  Easy easy = std::move(idle_.back());
  idle_.pop_back();
  return easy;
}

void CurlHttp::give_back(Easy easy) {
  curl_easy_reset(easy.get());  // forgets the request, keeps the connection
  {
    std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(easy));
  }
  returned_.notify_one();
}

Result<HeaderList> CurlHttp::headers(const Request& request) const {
  std::vector<std::string> lines;
  for (const auto& [name, value] : request.headers) lines.push_back(name + ": " + value);
  // The body's digest is signed: the server refuses one that was changed on the way.
  lines.push_back("x-amz-content-sha256: " + sha256_hex(request.body));
  if (!credentials_.session_token.empty())
    lines.push_back("x-amz-security-token: " + credentials_.session_token);
  HeaderList list;
  for (const std::string& line : lines) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) return Error{Code::kUnavailable, "no memory for a request"};
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list;
}

void CurlHttp::sign(CURL* easy, const Request& request) const {
  const std::string scope = "aws:amz:" + request.region + ":s3";
  curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, scope.c_str());
  curl_easy_setopt(easy, CURLOPT_USERNAME, credentials_.access_key.c_str());
  curl_easy_setopt(easy, CURLOPT_PASSWORD, credentials_.secret_key.c_str());
}

void CurlHttp::trust(CURL* easy) const {
  if (ca_bundle_.empty()) return;
  if (!ca_bundle_.starts_with("-----BEGIN")) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_bundle_.c_str());
    return;
  }
  curl_blob text{.data = const_cast<char*>(ca_bundle_.data()),
                 .len = ca_bundle_.size(),
                 .flags = CURL_BLOB_NOCOPY};
  curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &text);
}

void set_limits(CURL* easy, const Request& request) {
  using std::chrono::milliseconds;
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectMillis);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, kSlowestBytesPerSecond);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, kSilentSeconds);
  curl_easy_setopt(
      easy, CURLOPT_TIMEOUT_MS,
      static_cast<long>(std::chrono::duration_cast<milliseconds>(request.limit).count()));
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
}

void set_method(CURL* easy, const Request& request) {
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (request.method == "PUT") {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PUT");
  } else if (request.method != "GET") {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

Result<Answer> CurlHttp::send(const Request& request, const std::stop_token& stop) {
  TRY_ASSIGN(const HeaderList header_list, headers(request));
  Easy easy = borrow(stop);
  if (!easy) return Error{Code::kCancelled, "cancelled"};
  Answer answer;
  std::array<char, CURL_ERROR_SIZE> details{};
  set_limits(easy.get(), request);
  set_method(easy.get(), request);
  sign(easy.get(), request);
  trust(easy.get());
  curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, header_list.get());
  curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, details.data());
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(easy.get(), CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(easy.get(), CURLOPT_HEADERDATA, &answer);
  curl_easy_setopt(easy.get(), CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy.get(), CURLOPT_XFERINFOFUNCTION, is_over);
  curl_easy_setopt(easy.get(), CURLOPT_XFERINFODATA, &stop);
  const CURLcode code = curl_easy_perform(easy.get());
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  give_back(std::move(easy));
  if (code != CURLE_OK) return transfer_error(code, details.data());
  answer.status = static_cast<int>(status);
  return answer;
}

}  // namespace

Result<std::unique_ptr<Http>> make_curl_http(Credentials credentials, std::string ca_bundle) {
  if (!library_is_there()) return Error{Code::kInternal, "libcurl cannot be started"};
  return std::unique_ptr<Http>(
      std::make_unique<CurlHttp>(std::move(credentials), std::move(ca_bundle)));
}

}  // namespace penstock::s3
