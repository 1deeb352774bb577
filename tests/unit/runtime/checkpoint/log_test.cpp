#include "runtime/checkpoint/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "runtime/base/random.h"
#include "runtime/storage/memory_store.h"
#include "tests/support/failing_blob_store.h"

namespace penstock {
namespace {

using testing::HasSubstr;

const JobIdentity kJob{"job", "uid"};
using When = FailingBlobStore::When;

PublicationRecord checkpoint(std::uint64_t id) { return {.checkpoint = {id}}; }

// The rule that makes output exactly once: what is published after a claim comes from that claim.
void expect_every_publication_is_of_the_newest_claim(BlobStore& store) {
  std::optional<RecordNumber> newest_claim;
  for (const CheckpointLog::Entry& entry : read_log(store).value()) {
    if (const auto* publication = std::get_if<PublicationRecord>(&entry.record)) {
      ASSERT_TRUE(newest_claim);
      EXPECT_EQ(publication->epoch, *newest_claim) << "record " << entry.number.value;
    } else {
      newest_claim = entry.number;
    }
  }
}

TEST(CheckpointLog, TheFirstClaimIsRecordZeroAndDrawsTheId) {
  MemoryStore store;
  const CheckpointLog log = CheckpointLog::claim(store, kJob, 1000).value();
  EXPECT_EQ(log.epoch(), RecordNumber{0});
  EXPECT_EQ(log.log_id().size(), 16u);
  EXPECT_TRUE(log.history().empty());
  const auto entries = read_log(store).value();
  ASSERT_EQ(entries.size(), 1u);
  const auto& claim = std::get<ClaimRecord>(entries[0].record);
  EXPECT_EQ(claim.job, kJob);
  EXPECT_EQ(claim.log_id, log.log_id());
  EXPECT_EQ(claim.pid, ::getpid());
  EXPECT_EQ(claim.at, 1000);
}

TEST(CheckpointLog, PublishesUnderTheNextNumbers) {
  MemoryStore store;
  CheckpointLog log = CheckpointLog::claim(store, kJob, 0).value();
  EXPECT_EQ(log.publish(checkpoint(1)).value(), RecordNumber{1});
  EXPECT_EQ(log.publish(checkpoint(2)).value(), RecordNumber{2});
  const auto entries = read_log(store).value();
  const auto& publication = std::get<PublicationRecord>(entries[2].record);
  EXPECT_EQ(publication.checkpoint, CheckpointId{2});
  EXPECT_EQ(publication.log_id, log.log_id());
  EXPECT_EQ(publication.epoch, log.epoch());
}

TEST(CheckpointLog, ANewClaimReadsTheHistoryAndFencesTheOldProcess) {
  MemoryStore store;
  CheckpointLog old = CheckpointLog::claim(store, kJob, 0).value();
  ASSERT_TRUE(old.publish(checkpoint(1)));
  ASSERT_TRUE(old.check_not_superseded());

  CheckpointLog next = CheckpointLog::claim(store, kJob, 1'700'000'000'000).value();
  EXPECT_EQ(next.log_id(), old.log_id());
  EXPECT_EQ(next.epoch(), RecordNumber{2});
  ASSERT_EQ(next.history().size(), 2u);
  EXPECT_EQ(std::get<PublicationRecord>(next.history()[1].record).checkpoint, CheckpointId{1});

  const auto lost = old.publish(checkpoint(2));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Code::kConflict);
  EXPECT_THAT(lost.error().message, HasSubstr("pid " + std::to_string(::getpid()) + " on host "));
  EXPECT_EQ(old.check_not_superseded().error().code, Code::kConflict);
  EXPECT_EQ(old.publish(checkpoint(2)).error().code, Code::kConflict);
  EXPECT_TRUE(next.publish(checkpoint(2)));
  expect_every_publication_is_of_the_newest_claim(store);
}

TEST(CheckpointLog, RefusesAnotherJobsStoreByName) {
  MemoryStore store;
  ASSERT_TRUE(CheckpointLog::claim(store, {"a", ""}, 0));
  const auto refused = CheckpointLog::claim(store, {"b", ""}, 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalid);
  EXPECT_THAT(refused.error().message, HasSubstr("holds checkpoints of job \"a\""));
  EXPECT_THAT(refused.error().message, HasSubstr("use another directory"));
  EXPECT_EQ(read_log(store).value().size(), 1u);
}

// A full disk: what is not there will not come, so the checkpoint has failed and nobody waits.
TEST(CheckpointLog, KnowsThatNothingWasPublishedWhereReadingSettlesIt) {
  class Full final : public FailingBlobStore {
   public:
    using FailingBlobStore::FailingBlobStore;
    bool reading_settles() const override { return settles; }
    bool settles = false;
  };
  MemoryStore store;
  ASSERT_TRUE(CheckpointLog::claim(store, kJob, 0));
  for (const bool settles : {false, true}) {
    Full full(store);
    full.settles = settles;
    CheckpointLog log = CheckpointLog::claim(full, kJob, 0).value();
    full.fail_call(full.calls());
    EXPECT_EQ(log.publish(checkpoint(1)).error().code,
              settles ? Code::kCancelled : Code::kUnavailable);
    EXPECT_TRUE(log.publish(checkpoint(1)));
  }
}

TEST(CheckpointLog, ListsDamagedRecordsApart) {
  MemoryStore store;
  CheckpointLog first = CheckpointLog::claim(store, kJob, 0).value();
  ASSERT_TRUE(first.publish(checkpoint(1)));
  ASSERT_TRUE(store.put_if_absent("log/00000002", "garbage"));
  const CheckpointLog log = CheckpointLog::claim(store, kJob, 0).value();
  EXPECT_EQ(log.epoch(), RecordNumber{3});
  EXPECT_EQ(log.history().size(), 2u);
  ASSERT_EQ(log.unreadable().size(), 1u);
  EXPECT_EQ(log.unreadable()[0].number, RecordNumber{2});
  EXPECT_THAT(log.unreadable()[0].error.message, HasSubstr("log/00000002"));
  const auto read = read_log(store);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::kCorrupt);
}

TEST(CheckpointLog, ALogOfWhichNothingCanBeReadIsNotTakenForANewOne) {
  MemoryStore store;
  ASSERT_TRUE(store.put_if_absent("log/00000000", "garbage"));
  EXPECT_EQ(CheckpointLog::claim(store, kJob, 0).error().code, Code::kCorrupt);
}

TEST(CheckpointLog, ReadsALongHistoryOnlyAsFarAsItIsNeeded) {
  MemoryStore store;
  CheckpointLog first = CheckpointLog::claim(store, kJob, 0).value();
  for (std::uint64_t id = 1; id <= 3 * CheckpointLog::kHistoryPublications; ++id)
    ASSERT_TRUE(first.publish(checkpoint(id)));
  const CheckpointLog log = CheckpointLog::claim(store, kJob, 0).value();
  ASSERT_EQ(log.history().size(), 1 + CheckpointLog::kHistoryPublications);
  EXPECT_EQ(log.history().front().number, RecordNumber{0});
  EXPECT_EQ(std::get<PublicationRecord>(log.history().back().record).checkpoint.value,
            3 * CheckpointLog::kHistoryPublications);
}

TEST(CheckpointLog, ManyClaimsDoNotHideAPublication) {
  MemoryStore store;
  ASSERT_TRUE(CheckpointLog::claim(store, kJob, 0).value().publish(checkpoint(1)));
  for (int crash = 0; crash < 200; ++crash) ASSERT_TRUE(CheckpointLog::claim(store, kJob, 0));
  const CheckpointLog log = CheckpointLog::claim(store, kJob, 0).value();
  const auto is_publication = [](const auto& entry) {
    return std::holds_alternative<PublicationRecord>(entry.record);
  };
  EXPECT_EQ(std::ranges::count_if(log.history(), is_publication), 1);
}

TEST(CheckpointLog, AClaimThatFilledAHoleHasLostAndTriesAgain) {
  MemoryStore store;
  ASSERT_TRUE(CheckpointLog::claim(store, kJob, 0));
  const std::string later = store.get("log/00000000").value();
  FailingBlobStore hooked(store);
  // Number 5 appears when the claimer has listed and before it writes number 1.
  hooked.before_each([&](int) {
    if (store.get("log/00000001")) return;
    if (hooked.calls() == 3) {
      ASSERT_TRUE(store.put_if_absent("log/00000005", later));
    }
  });
  const CheckpointLog log = CheckpointLog::claim(hooked, kJob, 0).value();
  EXPECT_EQ(log.epoch(), RecordNumber{6});
  ASSERT_TRUE(store.get("log/00000001"));
}

// A claims; at each step of it B claims as a whole, and at each step of that C does.
TEST(CheckpointLog, OfInterleavedClaimersExactlyTheLastMayPublish) {
  for (int step_of_a = 0;; ++step_of_a) {
    bool reached_a = false;
    for (int step_of_b = 0;; ++step_of_b) {
      MemoryStore store;
      ASSERT_TRUE(CheckpointLog::claim(store, kJob, 0).value().publish(checkpoint(1)));
      std::vector<CheckpointLog> claimed;
      bool reached_b = false;
      FailingBlobStore of_b(store);
      of_b.before_each([&](int step) {
        if (step != step_of_b) return;
        reached_b = true;
        claimed.push_back(CheckpointLog::claim(store, kJob, 3).value());
      });
      FailingBlobStore of_a(store);
      of_a.before_each([&](int step) {
        if (step != step_of_a) return;
        reached_a = true;
        claimed.push_back(CheckpointLog::claim(of_b, kJob, 2).value());
      });
      claimed.push_back(CheckpointLog::claim(of_a, kJob, 1).value());

      RecordNumber newest{};
      for (const CheckpointLog& log : claimed) newest = std::max(newest, log.epoch());
      for (CheckpointLog& log : claimed) {
        of_a.before_each({});
        of_b.before_each({});
        const auto published = log.publish(checkpoint(2));
        EXPECT_EQ(published.has_value(), log.epoch() == newest) << step_of_a << " " << step_of_b;
        // Nobody's history misses what was published before its claim.
        EXPECT_EQ(log.history().size(), log.epoch().value);
      }
      expect_every_publication_is_of_the_newest_claim(store);
      if (!reached_b) break;
    }
    if (!reached_a) break;
  }
}

Result<RecordNumber> publish_again_if_unknown(CheckpointLog& log,
                                              const PublicationRecord& publication) {
  auto published = log.publish(publication);
  if (published) return published;
  EXPECT_EQ(published.error().code, Code::kUnavailable);
  return log.publish(publication);
}

class FailAtEveryStep : public testing::TestWithParam<When> {};

TEST_P(FailAtEveryStep, AClaimFailsOrHolds) {
  for (int failing = 0;; ++failing) {
    MemoryStore store;
    ASSERT_TRUE(CheckpointLog::claim(store, kJob, 0).value().publish(checkpoint(1)));
    FailingBlobStore failing_store(store, failing, GetParam());
    auto log = CheckpointLog::claim(failing_store, kJob, 0);
    if (!log) {
      EXPECT_EQ(log.error().code, Code::kUnavailable);
      log = CheckpointLog::claim(store, kJob, 0);
    }
    ASSERT_TRUE(log);
    EXPECT_TRUE(publish_again_if_unknown(*log, checkpoint(2)));
    expect_every_publication_is_of_the_newest_claim(store);
    if (failing_store.calls() <= failing) break;
  }
}

TEST_P(FailAtEveryStep, APublicationIsThereOnceWhenTheSameCallIsRepeated) {
  for (int failing = 0; failing < 3; ++failing) {
    MemoryStore store;
    FailingBlobStore counting(store);
    ASSERT_TRUE(CheckpointLog::claim(counting, kJob, 0));
    const int calls_of_claim = counting.calls();

    MemoryStore fresh;
    FailingBlobStore failing_store(fresh, calls_of_claim + failing, GetParam());
    CheckpointLog log = CheckpointLog::claim(failing_store, kJob, 0).value();
    EXPECT_EQ(publish_again_if_unknown(log, checkpoint(1)).value(), RecordNumber{1});
    EXPECT_EQ(publish_again_if_unknown(log, checkpoint(2)).value(), RecordNumber{2});
    EXPECT_EQ(read_log(fresh).value().size(), 3u);
  }
}
INSTANTIATE_TEST_SUITE_P(Table, FailAtEveryStep, testing::Values(When::kBefore, When::kAfter),
                         [](const auto& row) {
                           return row.param == When::kBefore ? "BeforeTheEffect" : "AfterTheEffect";
                         });

// Every put times out after having had its effect, and so does the read that would resolve it.
class UnknownOutcomeStore final : public BlobStore {
 public:
  explicit UnknownOutcomeStore(BlobStore& inner) : inner_(inner) {}
  bool blind = false;

  Status put_if_absent(std::string_view name, std::string_view bytes) override {
    const Status done = inner_.put_if_absent(name, bytes);
    return blind ? Status(Error{Code::kUnavailable, "timed out"}) : done;
  }
  Result<std::string> get(std::string_view name) override {
    if (blind) return Error{Code::kUnavailable, "timed out"};
    return inner_.get(name);
  }
  Result<std::string> get_range(std::string_view name, std::uint64_t offset,
                                std::uint64_t size) override {
    return inner_.get_range(name, offset, size);
  }
  Result<std::vector<std::string>> list(std::string_view prefix) override {
    return inner_.list(prefix);
  }
  Status remove(std::string_view name) override { return inner_.remove(name); }
  std::string uri() const override { return inner_.uri(); }

 private:
  BlobStore& inner_;
};

TEST(CheckpointLog, AnEarlierPublicationThatArrivedUnnoticedFencesNobody) {
  MemoryStore memory;
  UnknownOutcomeStore store(memory);
  CheckpointLog log = CheckpointLog::claim(store, kJob, 0).value();
  store.blind = true;
  EXPECT_EQ(log.publish(checkpoint(1)).error().code, Code::kUnavailable);
  store.blind = false;
  EXPECT_TRUE(log.check_not_superseded());
  EXPECT_EQ(log.publish(checkpoint(2)).value(), RecordNumber{2});
  EXPECT_EQ(read_log(memory).value().size(), 3u);
}

// Processes that claim and publish at random inside each other's steps.
class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {}

  void act(int depth) {
    const std::size_t who = random_.below(3);
    if (busy_[who] || actions_ == kActions) return;
    busy_[who] = true;
    ++actions_;
    FailingBlobStore view(store_, random_.below(4) == 0 ? static_cast<int>(random_.below(6)) : -1,
                          random_.below(2) == 0 ? When::kBefore : When::kAfter);
    view.before_each([&](int) {
      if (depth < 3 && random_.below(4) == 0) act(depth + 1);
    });
    auto& process = processes_[who];
    if (!process || random_.below(3) == 0) {
      process = std::make_unique<Process>(store_);
      auto log = CheckpointLog::claim(view, kJob, 0);
      if (log) {
        // The log keeps its store for life; claim again through the process's own view of it.
        process->log.emplace(CheckpointLog::claim(process->view, kJob, 0).value());
      }
    } else if (process->log) {
      static_cast<void>(process->log->publish(checkpoint(++checkpoints_)));
    }
    busy_[who] = false;
  }
  BlobStore& store() { return store_; }

 private:
  struct Process {
    explicit Process(BlobStore& store) : view(store) {}
    FailingBlobStore view;
    std::optional<CheckpointLog> log;
  };
  Random random_;
  MemoryStore store_;
  std::unique_ptr<Process> processes_[3];
  bool busy_[3] = {};
  std::uint64_t checkpoints_ = 0;
  static constexpr int kActions = 25;  // each reads the whole log, at each step of which others act
  int actions_ = 0;
};

TEST(CheckpointLog, UnderRandomRacesOnlyTheNewestClaimPublishes) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed);
    for (int step = 0; step < 25; ++step) world.act(0);
    expect_every_publication_is_of_the_newest_claim(world.store());
  }
}

}  // namespace
}  // namespace penstock
