#include "runtime/storage/blob_store.h"

#include <gtest/gtest.h>

#include <set>

#include "runtime/storage/file_store.h"
#include "runtime/storage/memory_store.h"
#include "runtime/storage/s3_store.h"
#include "tests/support/blob_store_suite.h"
#include "tests/support/failing_blob_store.h"
#include "tests/support/fake_bucket.h"
#include "tests/support/temporary_directory.h"

namespace penstock {
namespace {

// Each knows how to make a store whose first calls work.
struct Memory {
  MemoryStore store;
  BlobStore& get() { return store; }
};
struct File {
  TemporaryDirectory directory;
  std::unique_ptr<FileStore> store = FileStore::open(directory.path()).value();
  BlobStore& get() { return *store; }
};
struct DecoratedFile {
  File file;
  FailingBlobStore store{file.get()};
  BlobStore& get() { return store; }
};

struct Bucket {
  EagerClock clock;
  std::unique_ptr<S3Store> store =
      S3Store::open(fake_bucket_config(), {.http = std::make_unique<FakeBucket>(), .clock = clock})
          .value();
  BlobStore& get() { return *store; }
};
// Each answer is lost after its effect, and comes when the store asks again.
struct BucketBehindABadNetwork {
  class Losing final : public s3::Http {
   public:
    Result<s3::Answer> send(const s3::Request& request, const std::stop_token& stop) override {
      auto answer = bucket_.send(request, stop);
      std::string key = request.method + request.url;
      if (const auto id = request.headers.find(s3::kPutIdHeader); id != request.headers.end())
        key += id->second;
      const bool first = seen_.with([&](auto& seen) { return seen.insert(key).second; });
      if (first) return Error{Code::kUnavailable, "lost"};
      return answer;
    }

   private:
    FakeBucket bucket_;
    Guarded<std::set<std::string>> seen_;
  };
  EagerClock clock;
  std::unique_ptr<S3Store> store =
      S3Store::open(fake_bucket_config(""), {.http = std::make_unique<Losing>(), .clock = clock})
          .value();
  BlobStore& get() { return *store; }
};

using Stores = testing::Types<Memory, File, DecoratedFile, Bucket, BucketBehindABadNetwork>;
INSTANTIATE_TYPED_TEST_SUITE_P(Each, AnyBlobStore, Stores);

TEST(FailingBlobStore, FailsBeforeOrAfterTheEffect) {
  MemoryStore memory;
  FailingBlobStore before(memory, 1, FailingBlobStore::When::kBefore);
  EXPECT_TRUE(before.put_if_absent("a", ""));
  EXPECT_EQ(before.put_if_absent("b", "").error().code, Code::kUnavailable);
  EXPECT_EQ(memory.get("b").error().code, Code::kNotFound);
  FailingBlobStore after(memory, 0, FailingBlobStore::When::kAfter);
  EXPECT_EQ(after.put_if_absent("c", "1").error().code, Code::kUnavailable);
  EXPECT_EQ(memory.get("c").value(), "1");
}

}  // namespace
}  // namespace penstock
