#include "runtime/connectors/filesystem/filesystem_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "runtime/connectors/filesystem/part_files.h"
#include "runtime/connectors/registry.h"
#include "tests/support/temporary_directory.h"

namespace penstock {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;
namespace fs = std::filesystem;

const std::string kLog = "0123456789abcdef";

Batch numbers(std::int64_t first, std::int64_t last) {
  ColumnBuilder builder(Type::of(TypeKind::kBigint));
  for (std::int64_t value = first; value <= last; ++value) builder.append_physical(value);
  return Batch::of({builder.finish()});
}

class FilesystemSinkTest : public testing::Test {
 protected:
  std::unique_ptr<Sink> sink(Options options = {}, const std::string& format = "csv") {
    options.try_emplace("path", directory_ / "out");
    options.try_emplace("format", format);
    return make_sink({.table = "t",
                      .connector = "filesystem",
                      .options = options,
                      .declared = {{{"id", Type::of(TypeKind::kBigint)}}}},
                     clock_)
        .value();
  }
  static WriterIdentity writer(std::uint64_t epoch = 1, std::uint32_t subtask = 0) {
    return {.log_id = kLog, .epoch = {epoch}, .operator_name = "sink: t", .subtask = {subtask}};
  }
  std::vector<std::string> files() {
    std::vector<std::string> names;
    if (!fs::exists(directory_ / "out")) return names;
    for (const auto& entry : fs::directory_iterator(directory_ / "out"))
      names.push_back(entry.path().filename().string());
    return names;
  }
  // All rows of files that do not begin with a dot.
  std::vector<int> committed() {
    std::vector<int> rows;
    for (const std::string& name : files()) {
      if (name.starts_with('.')) continue;
      std::ifstream file(directory_ / "out/" + name);
      for (int row = 0; file >> row;) rows.push_back(row);
    }
    std::ranges::sort(rows);
    return rows;
  }

  ManualClock clock_;
  TemporaryDirectory directory_;
};

TEST_F(FilesystemSinkTest, RowsAreVisibleOnceCommittedAndNotBefore) {
  const auto out = sink();
  const auto file = out->open(writer()).value();
  ASSERT_TRUE(file->write(numbers(1, 3)));
  EXPECT_THAT(files(), Each(StartsWith(".")));
  const auto prepared = file->prepare({7}).value();
  ASSERT_THAT(prepared, SizeIs(1));
  EXPECT_THAT(files(), UnorderedElementsAre(".pending-" + kLog + "-1-0-sink__t-0-0"));
  ASSERT_TRUE(out->commit(prepared[0]));
  EXPECT_THAT(files(), UnorderedElementsAre("part-" + kLog + "-1-7-sink__t-0-0"));
  EXPECT_EQ(committed(), (std::vector<int>{1, 2, 3}));
}

TEST_F(FilesystemSinkTest, CommitTwiceIsAsGoodAsOnce) {
  const auto out = sink();
  const auto file = out->open(writer()).value();
  ASSERT_TRUE(file->write(numbers(1, 1)));
  const auto prepared = file->prepare({1}).value();
  ASSERT_TRUE(out->commit(prepared[0]));
  ASSERT_TRUE(sink()->commit(prepared[0]));
  EXPECT_EQ(committed(), std::vector<int>{1});
}

TEST_F(FilesystemSinkTest, ACommitOfLostOutputIsCorruptAndNamesIt) {
  const auto out = sink();
  const auto file = out->open(writer()).value();
  ASSERT_TRUE(file->write(numbers(1, 1)));
  const auto prepared = file->prepare({1}).value();
  ASSERT_TRUE(out->discard(kLog, {1}));
  const Status lost = out->commit(prepared[0]);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Code::kCorrupt);
  EXPECT_THAT(lost.error().message, HasSubstr(".pending-" + kLog));
  EXPECT_EQ(out->commit({"{}"}).error().code, Code::kCorrupt);
  EXPECT_EQ(out->commit({"not json"}).error().code, Code::kCorrupt);
}

TEST_F(FilesystemSinkTest, WithoutRowsThereIsNoFile) {
  const auto out = sink();
  const auto file = out->open(writer()).value();
  EXPECT_THAT(file->prepare({1}).value(), IsEmpty());
  ASSERT_TRUE(file->write(Batch{.columns = numbers(1, 0).columns}));
  EXPECT_THAT(file->prepare({2}).value(), IsEmpty());
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(FilesystemSinkTest, RowsAfterAPrepareGoToAnotherFile) {
  const auto out = sink();
  const auto file = out->open(writer()).value();
  ASSERT_TRUE(file->write(numbers(1, 1)));
  const auto first = file->prepare({1}).value();
  ASSERT_TRUE(file->write(numbers(2, 2)));
  const auto second = file->prepare({2}).value();
  ASSERT_TRUE(out->commit(second[0]));
  EXPECT_EQ(committed(), std::vector<int>{2});
  ASSERT_TRUE(out->commit(first[0]));
  EXPECT_EQ(committed(), (std::vector<int>{1, 2}));
}

TEST_F(FilesystemSinkTest, BeginsAnotherFileAtTheSizeLimit) {
  const auto out = sink({{"sink.rolling-policy.file-size", "100"}});
  const auto file = out->open(writer()).value();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(file->write(numbers(i * 30 + 1, i * 30 + 30)));
  const auto prepared = file->prepare({1}).value();
  EXPECT_THAT(prepared, SizeIs(testing::Ge(5u)));
  for (const Committable& each : prepared) ASSERT_TRUE(out->commit(each));
  EXPECT_THAT(committed(), SizeIs(300));
}

TEST_F(FilesystemSinkTest, TwoWritersOfOneSubtaskNeverMeet) {
  const auto out = sink();
  std::set<std::string> names;
  for (int life = 0; life < 3; ++life) {
    const auto file = out->open(writer()).value();
    ASSERT_TRUE(file->write(numbers(life, life)));
    const auto prepared = file->prepare({5}).value();
    names.insert(parse_committable(prepared[0]).value().final);
    ASSERT_TRUE(out->commit(prepared[0]));
  }
  EXPECT_THAT(names, SizeIs(3));
  EXPECT_EQ(committed(), (std::vector<int>{0, 1, 2}));
}

TEST_F(FilesystemSinkTest, DiscardTakesOnlyOnesOwnAndOlder) {
  fs::create_directories(directory_ / "out");
  const std::string mine = ".pending-" + kLog;
  for (const std::string& name : {mine + "-1-0-op-0-0", mine + "-2-0-op-0-0", mine + "-3-0-op-0-0",
                                  mine + "-x", std::string(".pending-fedcba9876543210-1-0-op-0-0"),
                                  "part-" + kLog + "-1-0-op-0-0", std::string(".other")})
    std::ofstream(directory_ / "out/" + name) << "1\n";
  ASSERT_TRUE(sink()->discard(kLog, {2}));
  EXPECT_THAT(files(), UnorderedElementsAre(mine + "-3-0-op-0-0", mine + "-x",
                                            ".pending-fedcba9876543210-1-0-op-0-0",
                                            "part-" + kLog + "-1-0-op-0-0", ".other"));
}

TEST_F(FilesystemSinkTest, DiscardWithoutADirectoryIsNothing) {
  EXPECT_TRUE(sink()->discard(kLog, {2}));
}

TEST_F(FilesystemSinkTest, WithdrawTakesTheCommittedRowsBack) {
  const auto out = sink();
  const auto file = out->open(writer()).value();
  ASSERT_TRUE(file->write(numbers(1, 3)));
  const auto prepared = file->prepare({1}).value();
  ASSERT_TRUE(out->commit(prepared[0]));
  EXPECT_TRUE(out->withdraw(prepared[0]).value());
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_TRUE(out->withdraw(prepared[0]).value());
}

TEST_F(FilesystemSinkTest, TakesBackWhatNoRecordNamesByItsCheckpoint) {
  const auto out = sink();
  const auto file = out->open(writer()).value();
  std::vector<Committable> prepared;
  for (const std::uint64_t checkpoint : {1u, 2u, 2u, 3u}) {
    ASSERT_TRUE(file->write(numbers(1, 3)));
    prepared.push_back(file->prepare({checkpoint}).value().at(0));
    ASSERT_TRUE(out->commit(prepared.back()));
  }
  const auto before = files();
  EXPECT_TRUE(out->withdraw_since("another-log", {0}, {}).value());
  EXPECT_EQ(files(), before);
  // Of checkpoint 2 one file is named by the record that was restored, the other by none.
  EXPECT_TRUE(out->withdraw_since(writer().log_id, {2}, {prepared[1]}).value());
  EXPECT_THAT(files(), SizeIs(2));
  EXPECT_TRUE(out->commit(prepared[0]));
  EXPECT_TRUE(out->commit(prepared[1]));
  EXPECT_EQ(out->commit(prepared[2]).error().code, Code::kCorrupt);
  EXPECT_EQ(out->commit(prepared[3]).error().code, Code::kCorrupt);
}

TEST_F(FilesystemSinkTest, AWriterThatEndsUnpreparedLeavesNothing) {
  const auto out = sink({{"sink.rolling-policy.file-size", "10"}});
  {
    const auto file = out->open(writer()).value();
    ASSERT_TRUE(file->write(numbers(1, 30)));
    ASSERT_TRUE(file->write(numbers(1, 1)));
    EXPECT_THAT(files(), SizeIs(2));
  }
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(FilesystemSinkTest, ARetractionInAnAppendOnlyFormatIsRefused) {
  const auto out = sink();
  const auto file = out->open(writer()).value();
  Batch batch = numbers(1, 1);
  batch.kinds = std::shared_ptr<const RowKind[]>(new RowKind[1]{RowKind::kDelete});
  EXPECT_EQ(file->write(batch).error().code, Code::kInvalid);
}

TEST_F(FilesystemSinkTest, DebeziumJsonWritesChangelogs) {
  const auto out = sink({}, "debezium-json");
  const auto file = out->open(writer()).value();
  Batch batch = numbers(1, 2);
  batch.kinds =
      std::shared_ptr<const RowKind[]>(new RowKind[2]{RowKind::kInsert, RowKind::kDelete});
  ASSERT_TRUE(file->write(batch));
  const auto prepared = file->prepare({1}).value();
  ASSERT_TRUE(out->commit(prepared[0]));
  std::ifstream written(directory_ / "out/" + files()[0]);
  std::stringstream text;
  text << written.rdbuf();
  EXPECT_EQ(text.str(),
            "{\"before\":null,\"after\":{\"id\":1},\"op\":\"c\"}\n"
            "{\"before\":{\"id\":2},\"after\":null,\"op\":\"d\"}\n");
}

TEST_F(FilesystemSinkTest, APathThatIsAFileIsRefusedByName) {
  std::ofstream(directory_ / "out") << "x";
  const auto file = sink()->open(writer());
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, HasSubstr(directory_ / "out"));
}

TEST_F(FilesystemSinkTest, AFileThatVanishedUnderItIsNoCrash) {
  const auto out = sink();
  const auto file = out->open(writer()).value();
  ASSERT_TRUE(file->write(numbers(1, 1)));
  fs::remove_all(directory_ / "out");
  EXPECT_FALSE(file->prepare({1}));
}

// A job that writes three intervals and crashes after any step, any number of times; what was
// published is then committed by the next life, and the rest discarded. Rows must be there exactly
// once in the end.
class CrashingJob {
 public:
  CrashingJob(Sink& sink, std::vector<Committable>& published, std::size_t& done,
              std::uint64_t epoch, int steps)
      : sink_(sink), published_(published), done_(done), epoch_(epoch), steps_(steps) {}

  // False: it crashed.
  bool run() {
    for (const Committable& each : published_)
      if (!step() || !sink_.commit(each)) return false;
    if (!step() || !sink_.discard(kLog, {epoch_ - 1})) return false;
    auto writer =
        sink_.open({.log_id = kLog, .epoch = {epoch_}, .operator_name = "s", .subtask = {}})
            .value();
    while (done_ < 3) {
      const auto interval = static_cast<std::int64_t>(done_);
      if (!step() || !writer->write(numbers(interval * 10, interval * 10 + 9))) return leak(writer);
      if (!step()) return leak(writer);
      const auto prepared = writer->prepare({done_ + 1}).value();
      if (!step()) return leak(writer);
      published_ = prepared;
      ++done_;
      for (const Committable& each : prepared)
        if (!step() || !sink_.commit(each)) return leak(writer);
    }
    return true;
  }

 private:
  bool step() { return steps_-- != 0; }
  // A crash runs no destructor.
  static bool leak(std::unique_ptr<SinkWriter>& writer) {
    kept().push_back(std::move(writer));
    return false;
  }
  static std::vector<std::unique_ptr<SinkWriter>>& kept() {
    static std::vector<std::unique_ptr<SinkWriter>> writers;
    return writers;
  }

  Sink& sink_;
  std::vector<Committable>& published_;
  std::size_t& done_;
  const std::uint64_t epoch_;
  int steps_;
};

TEST_F(FilesystemSinkTest, CrashesBetweenAnyTwoStepsKeepEveryRowExactlyOnce) {
  std::vector<int> expected;
  for (int row = 0; row < 30; ++row) expected.push_back(row);
  for (int first = 0; first < 14; ++first)
    for (int second = 0; second < 14; ++second) {
      fs::remove_all(directory_ / "out");
      std::vector<Committable> published;
      std::size_t done = 0;
      std::uint64_t epoch = 1;
      for (const int steps : {first, second, -1})
        if (CrashingJob(*sink(), published, done, epoch++, steps).run()) break;
      EXPECT_EQ(committed(), expected) << first << " " << second;
      EXPECT_THAT(files(), Each(StartsWith("part-"))) << first << " " << second;
    }
}

}  // namespace
}  // namespace penstock
