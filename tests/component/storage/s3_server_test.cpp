// S3Store against a real S3 server, which AWS_ENDPOINT_URL and its keys name and which has the
// bucket "checkpoints". tests/e2e/s3_test.py starts one and runs this.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "runtime/storage/s3_store.h"
#include "tests/support/blob_store_suite.h"

namespace penstock {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

std::string fresh_uri() {
  std::random_device device;
  return "s3://checkpoints/server-test/" + std::to_string(device()) + std::to_string(device());
}

struct RealBucket {
  std::unique_ptr<BlobStore> store = open_blob_store(fresh_uri()).value();
  BlobStore& get() { return *store; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(RealServer, AnyBlobStore, RealBucket);

TEST(S3Server, ListsMoreThanAPage) {
  const auto store = open_blob_store(fresh_uri()).value();
  for (int i = 0; i < 1005; ++i) ASSERT_TRUE(store->put_if_absent("n/" + std::to_string(i), ""));
  EXPECT_THAT(store->list("n/").value(), SizeIs(1005));
}

TEST(S3Server, TakesABlobOfManyMegabytes) {
  const auto store = open_blob_store(fresh_uri()).value();
  std::string bytes(40u << 20, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 4096);
  ASSERT_TRUE(store->put_if_absent("big", bytes));
  EXPECT_EQ(store->put_if_absent("big", bytes).error().code, Code::kAlreadyExists);
  EXPECT_TRUE(store->get("big").value() == bytes);
  EXPECT_EQ(store->get_range("big", 33u << 20, 1000).value(), bytes.substr(33u << 20, 1000));
}

TEST(S3Server, SignsNamesOfAnyCharacters) {
  const auto store = open_blob_store(fresh_uri() + "/a b+c=d&e").value();
  const std::string name = "x y/+%2F&=?#~*'()!$,;:@\xC3\xA9";
  ASSERT_TRUE(store->put_if_absent(name, "1"));
  EXPECT_EQ(store->get(name).value(), "1");
  EXPECT_THAT(store->list("x y/+").value(), testing::ElementsAre(name));
  ASSERT_TRUE(store->remove(name));
  EXPECT_EQ(store->get(name).error().code, Code::kNotFound);
}

TEST(S3Server, AnExistingStoreIsOpenedWithoutWriting) {
  const std::string uri = fresh_uri();
  EXPECT_EQ(open_existing_blob_store(uri).error().code, Code::kNotFound);
  EXPECT_EQ(open_existing_blob_store(uri).error().code, Code::kNotFound);
  ASSERT_TRUE(open_blob_store(uri).value()->put_if_absent("x", "1"));
  EXPECT_EQ(open_existing_blob_store(uri).value()->get("x").value(), "1");
}

TEST(S3Server, ABucketThatIsNotThereIsNamed) {
  const auto store = open_blob_store("s3://not-there/x");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::kUnavailable);
  EXPECT_THAT(store.error().message,
              AllOf(HasSubstr("bucket \"not-there\" at http://127.0.0.1:"),
                    HasSubstr("NoSuchBucket"), HasSubstr("make the bucket")));
}

// A variable of this process, as it was before at the end.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (before_)
      ::setenv(name_, before_->c_str(), 1);
    else
      ::unsetenv(name_);
  }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

TEST(S3Server, WrongKeysAreSaidWithoutThem) {
  const Variable wrong("AWS_SECRET_ACCESS_KEY", "not-the-secret");
  const auto store = open_blob_store(fresh_uri());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::kUnavailable);
  EXPECT_THAT(store.error().message,
              AllOf(HasSubstr("SignatureDoesNotMatch"), HasSubstr("check AWS_ACCESS_KEY_ID"),
                    Not(HasSubstr("not-the-secret"))));
}

TEST(S3Server, ATokenIsSignedToo) {
  // Nobody has issued it: what is refused is the token, not the signature over it.
  const Variable token("AWS_SESSION_TOKEN", std::string(1500, 'x') + "/+==");
  const auto store = open_blob_store(fresh_uri());
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().message, AllOf(HasSubstr("Token"), Not(HasSubstr("Signature"))));
}

TEST(S3Server, AnEndpointWhereNobodyListensIsNamed) {
  const Variable endpoint("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
  const auto store = open_blob_store(fresh_uri());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::kUnavailable);
  EXPECT_THAT(store.error().message,
              AllOf(HasSubstr("http://127.0.0.1:1"), HasSubstr("AWS_ENDPOINT_URL")));
}

}  // namespace
}  // namespace penstock
