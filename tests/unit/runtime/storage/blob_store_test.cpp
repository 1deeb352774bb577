#include "runtime/storage/blob_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "runtime/base/guarded.h"
#include "runtime/storage/file_store.h"
#include "runtime/storage/memory_store.h"
#include "tests/support/failing_blob_store.h"
#include "tests/support/temporary_directory.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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

template <typename T>
class AnyBlobStore : public testing::Test {
 protected:
  BlobStore& store() { return made_.get(); }

 private:
  T made_;
};
using Stores = testing::Types<Memory, File, DecoratedFile>;
TYPED_TEST_SUITE(AnyBlobStore, Stores);

TYPED_TEST(AnyBlobStore, GivesBackWhatWasPut) {
  const std::string bytes("a\0b\n", 4);
  ASSERT_TRUE(this->store().put_if_absent("state/x", bytes));
  EXPECT_EQ(this->store().get("state/x").value(), bytes);
}

TYPED_TEST(AnyBlobStore, TheFirstPutWinsAndStays) {
  ASSERT_TRUE(this->store().put_if_absent("log/1", "first"));
  const Status second = this->store().put_if_absent("log/1", "second");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kAlreadyExists);
  EXPECT_EQ(this->store().get("log/1").value(), "first");
}

TYPED_TEST(AnyBlobStore, KeepsEmptyBlobs) {
  ASSERT_TRUE(this->store().put_if_absent("empty", ""));
  EXPECT_EQ(this->store().get("empty").value(), "");
  EXPECT_THAT(this->store().list("").value(), ElementsAre("empty"));
}

TYPED_TEST(AnyBlobStore, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(this->store().get("none").error().code, Code::kNotFound);
  EXPECT_EQ(this->store().get_range("none", 0, 1).error().code, Code::kNotFound);
  EXPECT_EQ(this->store().get("none/below").error().code, Code::kNotFound);
  EXPECT_TRUE(this->store().remove("none"));
}

TYPED_TEST(AnyBlobStore, ReadsRanges) {
  ASSERT_TRUE(this->store().put_if_absent("x", "0123456789"));
  EXPECT_EQ(this->store().get_range("x", 3, 4).value(), "3456");
  EXPECT_EQ(this->store().get_range("x", 10, 0).value(), "");
}

TYPED_TEST(AnyBlobStore, ARangeBeyondTheEndIsCorrupt) {
  ASSERT_TRUE(this->store().put_if_absent("x", "0123456789"));
  EXPECT_EQ(this->store().get_range("x", 8, 3).error().code, Code::kCorrupt);
  EXPECT_EQ(this->store().get_range("x", 11, 0).error().code, Code::kCorrupt);
  EXPECT_EQ(this->store().get_range("x", UINT64_MAX, UINT64_MAX).error().code, Code::kCorrupt);
}

TYPED_TEST(AnyBlobStore, ListsByPrefixInOrder) {
  for (const char* name : {"log/00000002", "log/00000001", "state/a", "state/b/c", "statistics"})
    ASSERT_TRUE(this->store().put_if_absent(name, "x"));
  EXPECT_THAT(this->store().list("log/").value(), ElementsAre("log/00000001", "log/00000002"));
  EXPECT_THAT(this->store().list("state/").value(), ElementsAre("state/a", "state/b/c"));
  EXPECT_THAT(this->store().list("stat").value(),
              ElementsAre("state/a", "state/b/c", "statistics"));
  EXPECT_THAT(this->store().list("other/").value(), IsEmpty());
}

TYPED_TEST(AnyBlobStore, ForgetsWhatWasRemoved) {
  ASSERT_TRUE(this->store().put_if_absent("x", "1"));
  ASSERT_TRUE(this->store().remove("x"));
  EXPECT_EQ(this->store().get("x").error().code, Code::kNotFound);
  EXPECT_THAT(this->store().list("").value(), IsEmpty());
  EXPECT_TRUE(this->store().put_if_absent("x", "2"));
}

TYPED_TEST(AnyBlobStore, OneOfManyConcurrentPutsWins) {
  constexpr int kRounds = 20;
  constexpr int kWriters = 4;
  Guarded<std::vector<int>> wins(std::vector<int>(kRounds, 0));
  {
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < kWriters; ++writer)
      writers.emplace_back([&, writer] {
        for (int round = 0; round < kRounds; ++round)
          if (this->store().put_if_absent("log/" + std::to_string(round), std::to_string(writer)))
            wins.with([&](auto& counts) { ++counts[static_cast<std::size_t>(round)]; });
      });
  }
  EXPECT_EQ(wins.with([](auto& counts) { return counts; }), std::vector<int>(kRounds, 1));
}

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
