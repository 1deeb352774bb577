#include "runtime/storage/s3_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_bucket.h"

namespace penstock {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Answered = FakeBucket::Answered;
using Script = FakeBucket::Script;

Script says(int status, const std::string& code, s3::Headers headers = {}) {
  return [=](const s3::Request&, FakeBucket&) -> Answered {
    return FakeBucket::error(status, code, headers);
  };
}
// No answer: of a request that has not arrived, and of one that has had its effect.
Answered no_answer_before(const s3::Request&, FakeBucket&) {
  return Error{Code::kUnavailable, "no answer in time"};
}
Answered no_answer_after(const s3::Request& request, FakeBucket& bucket) {
  static_cast<void>(bucket.serve(request));
  return no_answer_before(request, bucket);
}

class S3StoreTest : public testing::Test {
 protected:
  S3StoreTest() {
    auto http = std::make_unique<FakeBucket>();
    bucket_ = http.get();
    store_ =
        S3Store::open(fake_bucket_config(), {.http = std::move(http), .clock = clock_}).value();
    opened_with_ = bucket_->requests().size();
  }

  // Method and path of what was sent since the store was opened.
  std::vector<std::string> sent() const {
    std::vector<std::string> lines;
    for (const s3::Request& request : bucket_->requests())
      lines.push_back(request.method + " " + request.url.substr(std::string("http://s3").size()));
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(opened_with_));
    return lines;
  }

  EagerClock clock_;
  FakeBucket* bucket_ = nullptr;
  std::unique_ptr<S3Store> store_;
  std::size_t opened_with_ = 0;
};

TEST_F(S3StoreTest, APutIsOneConditionalRequest) {
  ASSERT_TRUE(store_->put_if_absent("log/00000000", "x"));
  EXPECT_THAT(sent(), ElementsAre("PUT /b/p/log/00000000"));
  EXPECT_EQ(bucket_->requests().back().headers.at("if-none-match"), "*");
  EXPECT_THAT(clock_.slept(), IsEmpty());
}

TEST_F(S3StoreTest, TheProbeIsNeverListed) {
  EXPECT_EQ(bucket_->requests().front().url, "http://s3/b/p/.probe");
  EXPECT_THAT(store_->list("").value(), IsEmpty());
}

TEST_F(S3StoreTest, APutThatArrivedBeforeItsAnswerWasLostHasWon) {
  bucket_->script({no_answer_after});
  ASSERT_TRUE(store_->put_if_absent("x", "1"));
  EXPECT_THAT(sent(), ElementsAre("PUT /b/p/x", "PUT /b/p/x", "HEAD /b/p/x"));
}

TEST_F(S3StoreTest, APutThatDidNotArriveIsSentAgain) {
  bucket_->script({no_answer_before});
  ASSERT_TRUE(store_->put_if_absent("x", "1"));
  EXPECT_THAT(sent(), ElementsAre("PUT /b/p/x", "PUT /b/p/x"));
  EXPECT_EQ(store_->get("x").value(), "1");
}

TEST_F(S3StoreTest, AnotherWhoWinsWhileTheOutcomeIsUnknownHasWon) {
  const Script another_wins = [](const s3::Request& request, FakeBucket& bucket) {
    s3::Request theirs = request;
    theirs.body = "theirs";
    theirs.headers[s3::kPutIdHeader] = "another";
    static_cast<void>(bucket.serve(theirs));
    return no_answer_before(request, bucket);
  };
  bucket_->script({another_wins});
  EXPECT_EQ(store_->put_if_absent("x", "ours").error().code, Code::kAlreadyExists);
  EXPECT_EQ(store_->get("x").value(), "theirs");
}

TEST_F(S3StoreTest, EqualBytesOfAnotherAreNotOnesOwn) {
  ASSERT_TRUE(store_->put_if_absent("x", "same"));
  EXPECT_EQ(store_->put_if_absent("x", "same").error().code, Code::kAlreadyExists);
}

TEST_F(S3StoreTest, WhoseObjectItIsMayRemainUnknown) {
  bucket_->script({no_answer_after, says(412, "PreconditionFailed"), says(403, "AccessDenied")});
  EXPECT_EQ(store_->put_if_absent("x", "1").error().code, Code::kUnavailable);
}

TEST_F(S3StoreTest, PatienceEnds) {
  bucket_->script(std::vector<Script>(20, no_answer_before));
  const Status status = store_->put_if_absent("x", "1");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kUnavailable);
  EXPECT_THAT(status.error().message,
              AllOf(HasSubstr("bucket \"b\" at http://s3"), HasSubstr("no answer in time")));
  EXPECT_THAT(sent(), SizeIs(S3Store::kTries));
  EXPECT_FALSE(store_->reading_settles());
}

TEST_F(S3StoreTest, PatienceEndsEarlierWhereEachTryIsSlow) {
  const Script slow = [this](const s3::Request& request, FakeBucket& bucket) {
    static_cast<void>(clock_.sleep(std::chrono::seconds(15), {}));
    return no_answer_before(request, bucket);
  };
  bucket_->script(std::vector<Script>(20, slow));
  EXPECT_EQ(store_->get("x").error().code, Code::kUnavailable);
  EXPECT_THAT(sent(), SizeIs(2));
}

TEST_F(S3StoreTest, WaitsLongerEachTimeAndNeverTheSame) {
  bucket_->script(std::vector<Script>(5, says(503, "SlowDown")));
  ASSERT_TRUE(store_->put_if_absent("x", "1"));
  const std::vector<Duration> slept = clock_.slept();
  ASSERT_THAT(slept, SizeIs(5));
  Duration longest = std::chrono::milliseconds(100);
  for (const Duration wait : slept) {
    EXPECT_GE(wait, longest / 2);
    EXPECT_LE(wait, longest);
    longest *= 2;
  }
}

TEST_F(S3StoreTest, CancelledCallsGiveUp) {
  store_->cancel();
  EXPECT_EQ(store_->put_if_absent("x", "1").error().code, Code::kCancelled);
  EXPECT_EQ(store_->get("x").error().code, Code::kCancelled);
}

TEST_F(S3StoreTest, CancellingEndsTheWaitBetweenTries) {
  bucket_->script({[this](const s3::Request&, FakeBucket&) -> Answered {
    store_->cancel();
    return FakeBucket::error(503, "SlowDown");
  }});
  EXPECT_FALSE(store_->put_if_absent("x", "1"));
  EXPECT_THAT(sent(), SizeIs(1));
}

TEST_F(S3StoreTest, FollowsTheBucketToItsRegion) {
  bucket_->script(
      {says(400, "AuthorizationHeaderMalformed", {{"x-amz-bucket-region", "eu-west-1"}})});
  ASSERT_TRUE(store_->put_if_absent("x", "1"));
  ASSERT_TRUE(store_->put_if_absent("y", "1"));
  const auto requests = bucket_->requests();
  EXPECT_EQ(requests[opened_with_].region, "r");
  EXPECT_EQ(requests[opened_with_ + 1].region, "eu-west-1");
  EXPECT_EQ(requests[opened_with_ + 2].region, "eu-west-1");
  EXPECT_THAT(clock_.slept(), IsEmpty());
}

TEST_F(S3StoreTest, RegionsThatPointAtEachOtherAreNoEndlessLoop) {
  std::vector<Script> loop;
  for (int i = 0; i < 20; ++i)
    loop.push_back(says(301, "PermanentRedirect", {{"x-amz-bucket-region", i % 2 ? "r" : "q"}}));
  bucket_->script(loop);
  EXPECT_EQ(store_->get("x").error().code, Code::kUnavailable);
  EXPECT_THAT(sent(), SizeIs(S3Store::kTries));
}

TEST_F(S3StoreTest, ARangeIsAskedForAsSuch) {
  ASSERT_TRUE(store_->put_if_absent("x", "0123456789"));
  EXPECT_EQ(store_->get_range("x", 2, 3).value(), "234");
  EXPECT_EQ(bucket_->requests().back().headers.at("range"), "bytes=2-4");
}

TEST_F(S3StoreTest, AServerWithoutRangesSendsEverything) {
  bucket_->knows_ranges = false;
  ASSERT_TRUE(store_->put_if_absent("x", "0123456789"));
  EXPECT_EQ(store_->get_range("x", 2, 3).value(), "234");
  EXPECT_EQ(store_->get_range("x", 8, 3).error().code, Code::kCorrupt);
}

TEST_F(S3StoreTest, AnAnswerThatIsNoListIsAnError) {
  bucket_->script({[](const s3::Request&, FakeBucket&) -> Answered {
    return s3::Answer{.status = 200, .body = "<html>Please log in</html>"};
  }});
  const auto names = store_->list("");
  ASSERT_FALSE(names);
  EXPECT_THAT(names.error().message, HasSubstr("does the endpoint serve S3?"));
}

TEST_F(S3StoreTest, NamesThatLeaveThePrefixAreRefused) {
  EXPECT_EQ(store_->put_if_absent("../x", "").error().code, Code::kInvalid);
  EXPECT_EQ(store_->get(".probe").error().code, Code::kInvalid);
  EXPECT_EQ(store_->get_range("a//b", 0, 1).error().code, Code::kInvalid);
  EXPECT_EQ(store_->remove("").error().code, Code::kInvalid);
  EXPECT_THAT(sent(), IsEmpty());
}

Result<std::unique_ptr<S3Store>> open(std::unique_ptr<FakeBucket> bucket) {
  EagerClock clock;
  return S3Store::open(fake_bucket_config(), {.http = std::move(bucket), .clock = clock});
}

TEST(OpenS3Store, AServerThatIgnoresTheConditionIsRefused) {
  auto bucket = std::make_unique<FakeBucket>();
  bucket->ignores_if_none_match = true;
  const auto store = open(std::move(bucket));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::kInvalid);
  EXPECT_THAT(store.error().message,
              AllOf(HasSubstr("bucket \"b\" at http://s3"), HasSubstr("ignores If-None-Match")));
}

TEST(OpenS3Store, ASecondProcessFindsTheProbe) {
  auto bucket = std::make_unique<FakeBucket>();
  bucket->script({says(412, "PreconditionFailed")});
  EXPECT_TRUE(open(std::move(bucket)));
}

TEST(OpenS3Store, AnExistingOneWritesNothing) {
  EagerClock clock;
  auto http = std::make_unique<FakeBucket>();
  http->script({[](const s3::Request& request, FakeBucket& itself) {
    EXPECT_EQ(request.method, "GET");
    return itself.serve(request);
  }});
  const auto store =
      S3Store::open_existing(fake_bucket_config(), {.http = std::move(http), .clock = clock});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::kNotFound);
  EXPECT_EQ(store.error().message, "there is nothing in s3://b/p (bucket \"b\" at http://s3)");
}

struct RefusalCase {
  const char* name;
  int status;
  const char* code;
  const char* advice;
};
class S3Refusal : public testing::TestWithParam<RefusalCase> {};
TEST_P(S3Refusal, NamesThePlaceAndWhatToDo) {
  const auto& [name, status, code, advice] = GetParam();
  auto bucket = std::make_unique<FakeBucket>();
  bucket->script({says(status, code)});
  const auto store = open(std::move(bucket));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::kUnavailable);
  EXPECT_EQ(store.error().message, std::string("bucket \"b\" at http://s3: ") + code + " (HTTP " +
                                       std::to_string(status) + "): Said " + code + advice);
}
constexpr char kRights[] =
    "; let this user s3:ListBucket there and s3:GetObject, s3:PutObject and s3:DeleteObject below "
    "the prefix";
INSTANTIATE_TEST_SUITE_P(
    Table, S3Refusal,
    testing::Values(
        RefusalCase{"NoBucket", 404, "NoSuchBucket", "; make the bucket or choose another one"},
        RefusalCase{"NoSuchKey", 403, "InvalidAccessKeyId",
                    "; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"},
        RefusalCase{"WrongSecret", 403, "SignatureDoesNotMatch",
                    "; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"},
        RefusalCase{"OldToken", 400, "ExpiredToken",
                    "; renew AWS_SESSION_TOKEN and the keys that belong to it"},
        RefusalCase{"WrongClock", 403, "RequestTimeTooSkewed", "; set this machine's clock"},
        RefusalCase{"NoRights", 403, "AccessDenied", kRights},
        RefusalCase{"NoConditions", 501, "NotImplemented",
                    "; the server lacks something that is needed (conditional writes: "
                    "If-None-Match); use one that has it"},
        RefusalCase{"Another", 400, "EntityTooLarge", ""}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace penstock
