#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "runtime/checkpoint/file_name.h"
#include "runtime/checkpoint/log.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Entry = CheckpointLog::Entry;

const std::string kLog = "0123456789abcdef";
const std::string kOtherLog = "fedcba9876543210";

std::string file(std::uint64_t epoch, std::uint64_t checkpoint, std::uint64_t counter = 0,
                 const std::string& log = kLog) {
  return "state/" + checkpoint_file_name({log, {epoch}, {checkpoint}}, "op", 0, counter);
}

Entry claim(std::uint64_t number) {
  return {{number}, ClaimRecord{.job = {"job", ""}, .log_id = kLog}};
}
Entry publication(std::uint64_t number, std::uint64_t epoch, std::uint64_t checkpoint,
                  std::vector<std::string> files) {
  PublicationRecord record{.log_id = kLog, .epoch = {epoch}, .checkpoint = {checkpoint}};
  for (std::string& name : files) record.blocks.push_back({.operator_name = "op", .file = name});
  return {{number}, record};
}

struct RestoreCase {
  const char* name;
  std::vector<Entry> history;
  std::set<std::uint64_t> damaged;  // checkpoints
  std::uint64_t expect = 0;         // checkpoint; 0: none
  std::vector<std::uint64_t> passed_over{};
  const char* reason;
};
class ChooseRestore : public testing::TestWithParam<RestoreCase> {};

TEST_P(ChooseRestore, TakesTheNewestSoundOne) {
  const FileIsSound is_sound = [](const void* context, const PublicationRecord& publication) {
    return !static_cast<const std::set<std::uint64_t>*>(context)->contains(
        publication.checkpoint.value);
  };
  const RestoreChoice choice = choose_restore(GetParam().history, is_sound, &GetParam().damaged);
  EXPECT_EQ(choice.publication == nullptr ? 0 : choice.publication->checkpoint.value,
            GetParam().expect);
  std::vector<std::uint64_t> passed_over;
  for (const auto* each : choice.passed_over) passed_over.push_back(each->checkpoint.value);
  EXPECT_EQ(passed_over, GetParam().passed_over);
  EXPECT_EQ(choice.reason, GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ChooseRestore,
    testing::Values(RestoreCase{.name = "NothingInAnEmptyLog", .reason = "nothing was published"},
                    RestoreCase{.name = "NothingWithClaimsOnly",
                                .history = {claim(0), claim(1)},
                                .reason = "nothing was published"},
                    RestoreCase{.name = "TheNewest",
                                .history = {claim(0), publication(1, 0, 1, {}),
                                            publication(2, 0, 2, {}), claim(3)},
                                .expect = 2,
                                .reason = "newest published: checkpoint 2"},
                    RestoreCase{.name = "TheNewestWhateverTheOrder",
                                .history = {publication(2, 0, 2, {}), publication(1, 0, 1, {})},
                                .expect = 2,
                                .reason = "newest published: checkpoint 2"},
                    RestoreCase{.name = "FallsBackPastDamage",
                                .history = {claim(0), publication(1, 0, 1, {}),
                                            publication(2, 0, 2, {}), publication(3, 0, 3, {})},
                                .damaged = {2, 3},
                                .expect = 1,
                                .passed_over = {3, 2},
                                .reason = "fell back to checkpoint 1: checkpoint 3 is damaged"},
                    RestoreCase{.name = "NothingWhenAllAreDamaged",
                                .history = {publication(1, 0, 1, {}), publication(2, 0, 2, {})},
                                .damaged = {1, 2},
                                .passed_over = {2, 1},
                                .reason = "none of 2 published checkpoints is sound"}),
    [](const auto& row) { return std::string(row.param.name); });

struct GarbageCase {
  const char* name;
  std::vector<Entry> history{};
  std::vector<std::string> files;
  std::uint64_t epoch = 5;
  std::size_t retained = 1;
  std::vector<std::string> expect{};
};
class ChooseGarbage : public testing::TestWithParam<GarbageCase> {};

TEST_P(ChooseGarbage, IsWhatNobodyNeeds) {
  EXPECT_EQ(choose_garbage(GetParam().history, GetParam().files, kLog, {GetParam().epoch},
                           GetParam().retained),
            GetParam().expect);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ChooseGarbage,
    testing::Values(GarbageCase{.name = "NeverRecords", .files = {"log/00000000", "log/00000001"}},
                    GarbageCase{.name = "NeverWhatIsNotOurs",
                                .files = {"notes.txt", file(1, 1, 0, kOtherLog), "state/other"}},
                    GarbageCase{.name = "NeverOfANewerEpoch", .files = {file(6, 1)}},
                    GarbageCase{.name = "KeepsWhatTheNewestRefersTo",
                                .history = {publication(1, 5, 2, {file(5, 1), file(5, 2)})},
                                .files = {file(5, 1), file(5, 2)}},
                    GarbageCase{.name = "DropsWhatOnlyAnOlderOneRefersTo",
                                .history = {publication(1, 5, 1, {file(5, 1)}),
                                            publication(2, 5, 2, {file(5, 2)})},
                                .files = {file(5, 1), file(5, 2)},
                                .expect = {file(5, 1)}},
                    GarbageCase{.name = "KeepsAsManyAsRetained",
                                .history = {publication(1, 5, 1, {file(5, 1)}),
                                            publication(2, 5, 2, {file(5, 2)}),
                                            publication(3, 5, 3, {file(5, 3)})},
                                .files = {file(5, 1), file(5, 2), file(5, 3)},
                                .retained = 2,
                                .expect = {file(5, 1)}},
                    GarbageCase{.name = "KeepsTheNewestEvenWhenNoneIsRetained",
                                .history = {publication(1, 5, 1, {file(5, 1)})},
                                .files = {file(5, 1)},
                                .retained = 0},
                    GarbageCase{.name = "KeepsACheckpointUnderWay",
                                .history = {publication(1, 5, 1, {})},
                                .files = {file(5, 2)}},
                    GarbageCase{.name = "DropsWhatAFailedCheckpointLeft",
                                .history = {publication(1, 5, 3, {})},
                                .files = {file(5, 2)},
                                .expect = {file(5, 2)}},
                    GarbageCase{.name = "DropsWhatACrashedProcessLeft",
                                .history = {publication(1, 2, 1, {})},
                                .files = {file(2, 9)},
                                .expect = {file(2, 9)}}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace penstock
