#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "runtime/base/guarded.h"
#include "runtime/storage/blob_store.h"

// What each BlobStore does. A store is a type with `BlobStore& get()` whose first calls work, empty
// when it is made.
namespace penstock {

template <typename T>
class AnyBlobStore : public testing::Test {
 protected:
  BlobStore& store() { return made_.get(); }

 private:
  T made_;
};
TYPED_TEST_SUITE_P(AnyBlobStore);

TYPED_TEST_P(AnyBlobStore, GivesBackWhatWasPut) {
  const std::string bytes("a\0b\n", 4);
  ASSERT_TRUE(this->store().put_if_absent("state/x", bytes));
  EXPECT_EQ(this->store().get("state/x").value(), bytes);
}

TYPED_TEST_P(AnyBlobStore, TheFirstPutWinsAndStays) {
  ASSERT_TRUE(this->store().put_if_absent("log/1", "first"));
  const Status second = this->store().put_if_absent("log/1", "second");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kAlreadyExists);
  EXPECT_EQ(this->store().get("log/1").value(), "first");
}

TYPED_TEST_P(AnyBlobStore, KeepsEmptyBlobs) {
  ASSERT_TRUE(this->store().put_if_absent("empty", ""));
  EXPECT_EQ(this->store().get("empty").value(), "");
  EXPECT_THAT(this->store().list("").value(), testing::ElementsAre("empty"));
}

TYPED_TEST_P(AnyBlobStore, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(this->store().get("none").error().code, Code::kNotFound);
  EXPECT_EQ(this->store().get_range("none", 0, 1).error().code, Code::kNotFound);
  EXPECT_EQ(this->store().get("none/below").error().code, Code::kNotFound);
  EXPECT_TRUE(this->store().remove("none"));
}

TYPED_TEST_P(AnyBlobStore, ReadsRanges) {
  ASSERT_TRUE(this->store().put_if_absent("x", "0123456789"));
  EXPECT_EQ(this->store().get_range("x", 3, 4).value(), "3456");
  EXPECT_EQ(this->store().get_range("x", 10, 0).value(), "");
}

TYPED_TEST_P(AnyBlobStore, ARangeBeyondTheEndIsCorrupt) {
  ASSERT_TRUE(this->store().put_if_absent("x", "0123456789"));
  EXPECT_EQ(this->store().get_range("x", 8, 3).error().code, Code::kCorrupt);
  EXPECT_EQ(this->store().get_range("x", 11, 0).error().code, Code::kCorrupt);
  EXPECT_EQ(this->store().get_range("x", UINT64_MAX, UINT64_MAX).error().code, Code::kCorrupt);
}

TYPED_TEST_P(AnyBlobStore, ListsByPrefixInOrder) {
  for (const char* name : {"log/00000002", "log/00000001", "state/a", "state/b/c", "statistics"})
    ASSERT_TRUE(this->store().put_if_absent(name, "x"));
  EXPECT_THAT(this->store().list("log/").value(),
              testing::ElementsAre("log/00000001", "log/00000002"));
  EXPECT_THAT(this->store().list("state/").value(), testing::ElementsAre("state/a", "state/b/c"));
  EXPECT_THAT(this->store().list("stat").value(),
              testing::ElementsAre("state/a", "state/b/c", "statistics"));
  EXPECT_THAT(this->store().list("other/").value(), testing::IsEmpty());
}

TYPED_TEST_P(AnyBlobStore, ForgetsWhatWasRemoved) {
  ASSERT_TRUE(this->store().put_if_absent("x", "1"));
  ASSERT_TRUE(this->store().remove("x"));
  EXPECT_EQ(this->store().get("x").error().code, Code::kNotFound);
  EXPECT_THAT(this->store().list("").value(), testing::IsEmpty());
  EXPECT_TRUE(this->store().put_if_absent("x", "2"));
}

TYPED_TEST_P(AnyBlobStore, OneOfManyConcurrentPutsWins) {
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

REGISTER_TYPED_TEST_SUITE_P(AnyBlobStore, GivesBackWhatWasPut, TheFirstPutWinsAndStays,
                            KeepsEmptyBlobs, WhatIsNotThereIsNotFound, ReadsRanges,
                            ARangeBeyondTheEndIsCorrupt, ListsByPrefixInOrder,
                            ForgetsWhatWasRemoved, OneOfManyConcurrentPutsWins);

}  // namespace penstock
