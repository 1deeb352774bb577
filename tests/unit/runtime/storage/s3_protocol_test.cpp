#include "runtime/storage/s3_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "runtime/storage/s3_xml.h"

namespace penstock::s3 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Environment with(std::map<std::string, std::string> variables) {
  variables.emplace("AWS_ACCESS_KEY_ID", "key");
  variables.emplace("AWS_SECRET_ACCESS_KEY", "s3cr3t");
  return [variables](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(S3Config, ReadsTheBucketAndThePrefix) {
  const Config config = read_config("s3://my-bucket/a/b/", with({})).value();
  EXPECT_EQ(config.bucket, "my-bucket");
  EXPECT_EQ(config.prefix, "a/b");
  EXPECT_EQ(config.region, "us-east-1");
  EXPECT_EQ(config.uri(), "s3://my-bucket/a/b");
  EXPECT_EQ(read_config("s3://my-bucket", with({}))->uri(), "s3://my-bucket");
  EXPECT_EQ(read_config("s3://my-bucket/", with({}))->prefix, "");
}

TEST(S3Config, ReadsWhatEachToolReads) {
  const Config config =
      read_config("s3://bbb/p", with({{"AWS_SESSION_TOKEN", "token"},
                                      {"AWS_DEFAULT_REGION", "eu-west-1"},
                                      {"AWS_ENDPOINT_URL", "http://127.0.0.1:9000/"},
                                      {"AWS_CA_BUNDLE", "/ca.crt"}}))
          .value();
  EXPECT_EQ(config.credentials.access_key, "key");
  EXPECT_EQ(config.credentials.secret_key, "s3cr3t");
  EXPECT_EQ(config.credentials.session_token, "token");
  EXPECT_EQ(config.region, "eu-west-1");
  EXPECT_EQ(config.endpoint, "http://127.0.0.1:9000");
  EXPECT_EQ(config.ca_bundle, "/ca.crt");
}

TEST(S3Config, TheNarrowerNameWins) {
  const Config config = read_config("s3://bbb/p", with({{"AWS_REGION", "one"},
                                                        {"AWS_DEFAULT_REGION", "two"},
                                                        {"AWS_ENDPOINT_URL_S3", "https://s3"},
                                                        {"AWS_ENDPOINT_URL", "https://other"}}))
                            .value();
  EXPECT_EQ(config.region, "one");
  EXPECT_EQ(config.endpoint, "https://s3");
}

struct WrongCase {
  const char* name;
  const char* uri;
  std::map<std::string, std::string> variables;
  Code code;
  const char* says;
};
class WrongS3Config : public testing::TestWithParam<WrongCase> {};
TEST_P(WrongS3Config, IsRefusedWithoutTheSecret) {
  const auto config = read_config(GetParam().uri, with(GetParam().variables));
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, GetParam().code);
  EXPECT_THAT(config.error().message, HasSubstr(GetParam().says));
  EXPECT_THAT(config.error().message, Not(HasSubstr("s3cr3t")));
}
INSTANTIATE_TEST_SUITE_P(
    Table, WrongS3Config,
    testing::Values(WrongCase{"NoBucket", "s3://", {}, Code::kInvalid, "a bucket's name"},
                    WrongCase{"UpperCase", "s3://Bucket/x", {}, Code::kInvalid, "a bucket's name"},
                    WrongCase{"ALeavingPrefix", "s3://bbb/../x", {}, Code::kInvalid, "a prefix is"},
                    WrongCase{"AnEmptyPart", "s3://bbb/a//b", {}, Code::kInvalid, "a prefix is"},
                    WrongCase{"NoKey",
                              "s3://bbb",
                              {{"AWS_ACCESS_KEY_ID", ""}},
                              Code::kUnavailable,
                              "AWS_ACCESS_KEY_ID is not set; set it in the environment"},
                    WrongCase{"NoSecret",
                              "s3://bbb",
                              {{"AWS_SECRET_ACCESS_KEY", ""}},
                              Code::kUnavailable,
                              "AWS_SECRET_ACCESS_KEY is not set"},
                    WrongCase{"AnEndpointWithoutScheme",
                              "s3://bbb",
                              {{"AWS_ENDPOINT_URL", "host:9000"}},
                              Code::kUnavailable,
                              "AWS_ENDPOINT_URL should be"},
                    WrongCase{"AnEndpointWithAPassword",
                              "s3://bbb",
                              {{"AWS_ENDPOINT_URL", "http://me:s3cr3t@host"}},
                              Code::kUnavailable,
                              "AWS_ENDPOINT_URL should be"}),
    [](const auto& row) { return std::string(row.param.name); });

constexpr char kPlace[] = "http://127.0.0.1:9000";
Config config_at(std::string endpoint, std::string bucket = "bbb") {
  return {.bucket = std::move(bucket),
          .prefix = "p",
          .endpoint = std::move(endpoint),
          .region = "eu-west-1"};
}

TEST(S3Requests, AServerOfItsOwnHasTheBucketInThePath) {
  EXPECT_EQ(head_request(config_at(kPlace), "log/1").url, "http://127.0.0.1:9000/bbb/p/log/1");
}

TEST(S3Requests, AwsHasTheBucketInTheHostUnlessItHasDots) {
  EXPECT_EQ(head_request(config_at(""), "x").url, "https://bbb.s3.eu-west-1.amazonaws.com/p/x");
  EXPECT_EQ(head_request(config_at("", "a.b"), "x").url,
            "https://s3.eu-west-1.amazonaws.com/a.b/p/x");
}

TEST(S3Requests, NamesAreEncodedAsTheyAreSigned) {
  EXPECT_THAT(head_request(config_at(kPlace), "a b+c/\xC3\xA9~").url,
              HasSubstr("/bbb/p/a%20b%2Bc/%C3%A9~"));
}

TEST(S3Requests, AListsQueryIsInOrder) {
  EXPECT_EQ(list_request(config_at(kPlace), "state/", "t=/+", 7).url,
            "http://127.0.0.1:9000/bbb/?continuation-token=t%3D%2F%2B&encoding-type=url&"
            "list-type=2&max-keys=7&prefix=p%2Fstate%2F");
}

TEST(S3Requests, ABigPutHasMoreTime) {
  const std::string small(1, 'x');
  const auto limit = put_request(config_at(kPlace), "x", small, "id").limit;
  const std::string big(64 << 20, 'x');
  EXPECT_EQ(put_request(config_at(kPlace), "x", big, "id").limit, limit + std::chrono::seconds(64));
}

struct VerdictCase {
  const char* name;
  int status;
  const char* code;
  Verdict verdict;
};
class S3Verdict : public testing::TestWithParam<VerdictCase> {};
TEST_P(S3Verdict, FollowsFromTheAnswer) {
  const auto& [name, status, code, verdict] = GetParam();
  const Answer answer{.status = status,
                      .body = "<Error><Code>" + std::string(code) + "</Code></Error>"};
  EXPECT_EQ(judge(config_at(kPlace), answer).verdict, verdict);
}
INSTANTIATE_TEST_SUITE_P(
    Table, S3Verdict,
    testing::Values(VerdictCase{"Ok", 200, "", Verdict::kDone},
                    VerdictCase{"Part", 206, "", Verdict::kDone},
                    VerdictCase{"NoContent", 204, "", Verdict::kDone},
                    VerdictCase{"NoSuchKey", 404, "NoSuchKey", Verdict::kNotThere},
                    VerdictCase{"HeadOfNothing", 404, "", Verdict::kNotThere},
                    VerdictCase{"NoSuchBucket", 404, "NoSuchBucket", Verdict::kFailed},
                    VerdictCase{"Precondition", 412, "PreconditionFailed", Verdict::kTaken},
                    VerdictCase{"TwoAtOnce", 409, "ConditionalRequestConflict", Verdict::kAgain},
                    VerdictCase{"AnotherConflict", 409, "BucketNotEmpty", Verdict::kFailed},
                    VerdictCase{"Range", 416, "InvalidRange", Verdict::kBeyond},
                    VerdictCase{"SlowDown", 503, "SlowDown", Verdict::kAgain},
                    VerdictCase{"TooMany", 429, "", Verdict::kAgain},
                    VerdictCase{"Internal", 500, "InternalError", Verdict::kAgain},
                    VerdictCase{"Gateway", 502, "", Verdict::kAgain},
                    VerdictCase{"SlowBody", 400, "RequestTimeout", Verdict::kAgain},
                    VerdictCase{"NewBucket", 307, "TemporaryRedirect", Verdict::kAgain},
                    VerdictCase{"Forbidden", 403, "AccessDenied", Verdict::kFailed},
                    VerdictCase{"Unknown", 418, "", Verdict::kFailed}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(S3Verdicts, NoAnswerIsAskedAgainAndACancelledOneIsNot) {
  const Config config = config_at(kPlace);
  EXPECT_EQ(judge(config, Error{Code::kUnavailable, "cut"}).verdict, Verdict::kAgain);
  EXPECT_EQ(judge(config, Error{Code::kCancelled, "over"}).verdict, Verdict::kFailed);
}

TEST(S3Verdicts, TheRegionIsReadFromTheHeaderOrTheBody) {
  const Answer header{.status = 301, .headers = {{"x-amz-bucket-region", "us-west-2"}}};
  EXPECT_EQ(judge(config_at(""), header).verdict, Verdict::kOtherRegion);
  EXPECT_EQ(judge(config_at(""), header).region, "us-west-2");
  const Answer body{.status = 400,
                    .body =
                        "<Error><Code>AuthorizationHeaderMalformed</Code>"
                        "<Region>us-west-2</Region></Error>"};
  EXPECT_EQ(judge(config_at(""), body).region, "us-west-2");
  const Answer same{.status = 400, .headers = {{"x-amz-bucket-region", "eu-west-1"}}};
  EXPECT_EQ(judge(config_at(""), same).verdict, Verdict::kFailed);
}

constexpr char kList[] = R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bbb</Name>
<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
<NextContinuationToken>t1</NextContinuationToken>
<Contents><Key>p%2Flog%2F1</Key><Size>3</Size></Contents>
<Contents><Key>p/a+b%2b</Key></Contents></ListBucketResult>)";

TEST(S3Lists, AreReadWithTheirEncoding) {
  const ListPage page = read_list(config_at(kPlace), kList).value();
  EXPECT_THAT(page.names, ElementsAre("log/1", "a b+"));
  EXPECT_EQ(page.next, "t1");
}

TEST(S3Lists, AnEmptyOneIsTheLast) {
  const ListPage page = read_list(config_at(kPlace),
                                  "<ListBucketResult><IsTruncated>false</IsTruncated>"
                                  "</ListBucketResult>")
                            .value();
  EXPECT_THAT(page.names, IsEmpty());
  EXPECT_EQ(page.next, "");
}

TEST(S3Lists, WhatEndsTooEarlyIsNoList) {
  const std::string text(kList);
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(read_list_text(std::string(text.substr(0, size)))) << size;
  EXPECT_FALSE(
      read_list_text("<ListBucketResult><IsTruncated>true</IsTruncated>"
                     "</ListBucketResult>"));
  EXPECT_FALSE(
      read_list_text("<ListBucketResult><EncodingType>url</EncodingType><Contents>"
                     "<Key>a%2</Key></Contents></ListBucketResult>"));
}

TEST(S3Backoff, DoublesUpToItsLimit) {
  Random random(1);
  for (int failures = 1; failures < 40; ++failures) {
    const Duration longest =
        std::min<Duration>(std::chrono::milliseconds(100) * (1 << std::min(failures - 1, 10)),
                           std::chrono::seconds(2));
    for (int i = 0; i < 20; ++i) {
      const Duration wait = back_off(failures, random);
      EXPECT_GE(wait, longest / 2) << failures;
      EXPECT_LE(wait, longest) << failures;
    }
  }
}

TEST(S3Sizes, AreThoseOfTheWholeObject) {
  EXPECT_EQ(total_size({.status = 206, .headers = {{"content-range", "bytes 0-9/1234"}}}), 1234u);
  EXPECT_EQ(total_size({.status = 200, .headers = {{"content-length", "17"}}}), 17u);
  EXPECT_EQ(total_size({.status = 206, .headers = {{"content-range", "bytes 0-9/*"}}}),
            std::nullopt);
  EXPECT_EQ(total_size({}), std::nullopt);
}

}  // namespace
}  // namespace penstock::s3
