#include "runtime/job/dispose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/storage/memory_store.h"
#include "tests/support/failing_blob_store.h"
#include "tests/support/temporary_directory.h"

namespace penstock {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const JobIdentity kJob{"bids", "uid-1"};

// What Attempt::write_savepoint leaves: a claim, state files, a publication.
void write_savepoint(BlobStore& store, const JobIdentity& job, bool whole = true,
                     bool savepoint = true) {
  auto log = CheckpointLog::claim(store, job, 1).value();
  ASSERT_TRUE(store.put_if_absent("state/a", "1"));
  ASSERT_TRUE(store.put_if_absent("state/b", "2"));
  if (!whole) return;
  PublicationRecord publication{.checkpoint = {7}, .savepoint = savepoint};
  ASSERT_TRUE(log.publish(publication));
}

TEST(Dispose, DeletesASavepointOfTheJobWholeOrBegun) {
  for (const bool whole : {true, false}) {
    MemoryStore store;
    write_savepoint(store, kJob, whole);
    EXPECT_TRUE(dispose_savepoint(store, kJob, "my-log"));
    EXPECT_THAT(store.list("").value(), IsEmpty());
    EXPECT_TRUE(dispose_savepoint(store, kJob, "my-log")) << "nothing there is a success";
  }
}

TEST(Dispose, LeavesWhatIsNoSavepointOfThisJob) {
  struct Row {
    const char* says;
    void (*fill)(BlobStore&);
  };
  const Row rows[] = {
      {"another job's name", [](BlobStore& it) { write_savepoint(it, {"other", "uid-1"}); }},
      {"another job's uid", [](BlobStore& it) { write_savepoint(it, {"bids", "uid-2"}); }},
      {"checkpoints", [](BlobStore& it) { write_savepoint(it, kJob, true, false); }},
      {"no log", [](BlobStore& it) { ASSERT_TRUE(it.put_if_absent("state/a", "1")); }},
      {"damaged",
       [](BlobStore& it) {
         write_savepoint(it, kJob);
         ASSERT_TRUE(it.put_if_absent("log/00000009", "not a record"));
       }},
  };
  for (const Row& row : rows) {
    MemoryStore store;
    row.fill(store);
    const auto before = store.list("").value();
    const Status disposed = dispose_savepoint(store, kJob, "my-log");
    ASSERT_FALSE(disposed) << row.says;
    EXPECT_EQ(disposed.error().code, Code::kInvalid) << row.says;
    EXPECT_EQ(store.list("").value(), before) << row.says;
  }
}

TEST(Dispose, NeverTheJobsOwnCheckpointsAlsoBeforeTheFirst) {
  MemoryStore store;
  const auto log = CheckpointLog::claim(store, kJob, 1).value();
  const Status disposed = dispose_savepoint(store, kJob, log.log_id());
  ASSERT_FALSE(disposed);
  EXPECT_THAT(disposed.error().message, HasSubstr("keeps its checkpoints"));
  EXPECT_EQ(store.list("").value().size(), 1u);
}

TEST(Dispose, LeavesFilesThatAreNotOfASavepoint) {
  MemoryStore store;
  write_savepoint(store, kJob);
  ASSERT_TRUE(store.put_if_absent("notes.txt", "mine"));
  EXPECT_TRUE(dispose_savepoint(store, kJob, "my-log"));
  EXPECT_THAT(store.list("").value(), testing::ElementsAre("notes.txt"));
}

// Wherever it stops, what is left is not restorable, is still known as the job's, and goes with the
// next attempt.
TEST(Dispose, GoesOnAfterAFailureAtAnyStep) {
  bool failed = true;
  for (int at = 0; failed; ++at) {
    MemoryStore store;
    write_savepoint(store, kJob);
    FailingBlobStore failing(store, at);
    failed = !dispose_savepoint(failing, kJob, "my-log");
    if (failed) {
      EXPECT_TRUE(dispose_savepoint(store, kJob, "my-log")) << "after step " << at;
    }
    EXPECT_THAT(store.list("").value(), IsEmpty()) << "after step " << at;
    ASSERT_LT(at, 100);
  }
}

TEST(Dispose, OpensTheStoreAtAUriAndMakesNone) {
  TemporaryDirectory folder;
  EXPECT_TRUE(dispose_savepoint(folder / "never", kJob, "my-log"));
  EXPECT_FALSE(std::filesystem::exists(folder / "never"));
  EXPECT_FALSE(dispose_savepoint("gs://bucket/x", kJob, "my-log"));
}

}  // namespace
}  // namespace penstock
