#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/random.h"
#include "runtime/storage/s3_config.h"
#include "runtime/storage/s3_http.h"

// What to ask of S3 and what its answers mean. Pure: no network, no clock.
namespace penstock::s3 {

// What one PUT takes; larger ones would need the multipart protocol.
constexpr std::uint64_t kLargestBlob = 5ull << 30;
// Names one put, in the object's metadata: whoever reads it back knows whose object is there.
constexpr char kPutIdHeader[] = "x-amz-meta-penstock-put";

Request put_request(const Config& config, std::string_view name, std::string_view bytes,
                    const std::string& put_id);
// `range` as in "bytes=0-9"; empty: all of it.
Request get_request(const Config& config, std::string_view name, std::string range);
Request head_request(const Config& config, std::string_view name);
Request remove_request(const Config& config, std::string_view name);
// One page of at most `most` names; `token` is empty for the first.
Request list_request(const Config& config, std::string_view prefix, std::string_view token,
                     int most);

enum class Verdict {
  kDone,
  kNotThere,     // no such object
  kTaken,        // If-None-Match found one
  kBeyond,       // the range begins behind the end
  kAgain,        // nothing has failed for good, and a PUT may have arrived
  kOtherRegion,  // ask again in `region`
  kFailed,       // for good, as `error` says
};
struct Judgement {
  Verdict verdict = Verdict::kDone;
  Error error{};       // of each but kDone: what the server said, and what to do
  std::string region;  // of kOtherRegion
};
Judgement judge(const Config& config, const Result<Answer>& answer);

// How long to wait after the `failures`-th failure in a row, from 1: twice as long each time, and
// anything from half of it to all of it.
Duration back_off(int failures, Random& random);

struct ListPage {
  std::vector<std::string> names;  // relative to the store's prefix
  std::string next;                // token of the next page; empty: the last
};
// kUnavailable when it is no list: the answer of something else on the way.
Result<ListPage> read_list(const Config& config, std::string_view xml);

// How long the whole object is: of a 206 or a HEAD.
std::optional<std::uint64_t> total_size(const Answer& answer);

}  // namespace penstock::s3
