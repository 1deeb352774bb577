#include "runtime/checkpoint/log_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/checkpoint/log.h"
#include "runtime/storage/memory_store.h"
#include "tests/support/failing_blob_store.h"

namespace penstock {
namespace {

using testing::HasSubstr;

const JobIdentity kJob{"job", "uid"};

PublicationRecord checkpoint(std::uint64_t id) { return {.checkpoint = {id}}; }

std::vector<std::uint64_t> numbers_of(const LogReader& reader) {
  std::vector<std::uint64_t> numbers;
  for (const LogEntry& entry : reader.entries()) numbers.push_back(entry.number.value);
  return numbers;
}

TEST(LogReader, ReadsWhatIsThereAndThenWhatIsAdded) {
  MemoryStore store;
  LogReader reader(store, kJob);
  ASSERT_TRUE(reader.read());
  EXPECT_TRUE(reader.entries().empty());
  EXPECT_EQ(reader.log_id(), "");
  EXPECT_FALSE(reader.read_on().value());

  CheckpointLog log = CheckpointLog::claim(store, kJob, 0, "127.0.0.1:7000").value();
  EXPECT_TRUE(reader.read_on().value());
  EXPECT_EQ(std::get<ClaimRecord>(reader.entries()[0].record).address, "127.0.0.1:7000");
  EXPECT_EQ(reader.log_id(), log.log_id());
  ASSERT_TRUE(log.publish(checkpoint(1)));
  ASSERT_TRUE(log.publish(checkpoint(2)));
  EXPECT_TRUE(reader.read_on().value());
  EXPECT_FALSE(reader.read_on().value());
  EXPECT_EQ(numbers_of(reader), (std::vector<std::uint64_t>{0, 1, 2}));
  EXPECT_EQ(reader.next(), RecordNumber{3});
}

TEST(LogReader, AClaimByOneWhoHasReadReadsNothingAgain) {
  MemoryStore store;
  CheckpointLog first = CheckpointLog::claim(store, kJob, 0).value();
  for (std::uint64_t id = 1; id <= 20; ++id) ASSERT_TRUE(first.publish(checkpoint(id)));
  FailingBlobStore counting(store);
  LogReader reader(counting, kJob);
  ASSERT_TRUE(reader.read());
  const int before = counting.calls();
  const CheckpointLog log = CheckpointLog::claim(std::move(reader), 0, "").value();
  EXPECT_EQ(counting.calls() - before, 2) << "the claim, and the listing that proves it";
  EXPECT_EQ(log.history().size(), 21u);
  EXPECT_EQ(log.log_id(), first.log_id());
  EXPECT_EQ(first.publish(checkpoint(21)).error().code, Code::kConflict);
}

TEST(LogReader, AClaimByOneWhoHasReadTooLittleReadsOn) {
  MemoryStore store;
  CheckpointLog first = CheckpointLog::claim(store, kJob, 0).value();
  LogReader reader(store, kJob);
  ASSERT_TRUE(reader.read());
  ASSERT_TRUE(first.publish(checkpoint(1)));
  ASSERT_TRUE(first.publish(checkpoint(2)));
  const CheckpointLog log = CheckpointLog::claim(std::move(reader), 0, "").value();
  EXPECT_EQ(log.epoch(), RecordNumber{3});
  EXPECT_EQ(log.history().size(), 3u);
}

TEST(LogReader, GoesPastAHoleThatNobodyWillFill) {
  MemoryStore store;
  CheckpointLog log = CheckpointLog::claim(store, kJob, 0).value();
  LogReader reader(store, kJob);
  ASSERT_TRUE(reader.read());
  const PublicationRecord later{.log_id = log.log_id(), .checkpoint = {9}};
  ASSERT_TRUE(store.put_if_absent(record_name({3}), encode_record(later)));
  int looks = 0;
  while (!reader.read_on().value()) ASSERT_LT(++looks, 100);
  EXPECT_EQ(numbers_of(reader), (std::vector<std::uint64_t>{0, 3}));
  EXPECT_EQ(reader.next(), RecordNumber{4});
}

TEST(LogReader, KeepsAsManyPublicationsAsAFreshReaderAndTheFirstRecord) {
  MemoryStore store;
  CheckpointLog log = CheckpointLog::claim(store, kJob, 0).value();
  LogReader reader(store, kJob);
  ASSERT_TRUE(reader.read());
  for (std::uint64_t id = 1; id <= 250; ++id) {
    ASSERT_TRUE(log.publish(checkpoint(id)));
    if (id % 3 == 0) {
      ASSERT_TRUE(reader.read_on().value());
    }
  }
  ASSERT_TRUE(reader.read_on().value());
  LogReader fresh(store, kJob);
  ASSERT_TRUE(fresh.read());
  EXPECT_EQ(numbers_of(reader), numbers_of(fresh));
  EXPECT_EQ(reader.entries().size(), LogReader::kHistoryPublications + 1);
}

TEST(LogReader, KeepsDamagedRecordsApartAndGoesOn) {
  MemoryStore store;
  CheckpointLog log = CheckpointLog::claim(store, kJob, 0).value();
  LogReader reader(store, kJob);
  ASSERT_TRUE(reader.read());
  ASSERT_TRUE(store.put_if_absent(record_name({1}), "{\"damaged\":"));
  const PublicationRecord later{.log_id = log.log_id(), .checkpoint = {9}};
  ASSERT_TRUE(store.put_if_absent(record_name({2}), encode_record(later)));
  EXPECT_TRUE(reader.read_on().value());
  EXPECT_EQ(numbers_of(reader), (std::vector<std::uint64_t>{0, 2}));
  ASSERT_EQ(reader.unreadable().size(), 1u);
  EXPECT_EQ(reader.unreadable()[0].number, RecordNumber{1});
}

TEST(LogReader, RefusesAnotherJobsLogAlsoWhenItBeginsLater) {
  MemoryStore store;
  LogReader reader(store, kJob);
  ASSERT_TRUE(reader.read());
  ASSERT_TRUE(CheckpointLog::claim(store, {"another", ""}, 0));
  const auto refused = reader.read_on();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalid);
  EXPECT_THAT(refused.error().message, HasSubstr("\"another\""));
}

}  // namespace
}  // namespace penstock
