#include "runtime/connectors/filesystem/filesystem_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <numeric>

#include "runtime/connectors/registry.h"
#include "tests/support/read_source.h"
#include "tests/support/temporary_directory.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

class FilesystemSourceTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text, int seconds = 0) {
    fs::create_directories(fs::path(directory_ / name).parent_path());
    std::ofstream(directory_ / name, std::ios::binary) << text;
    fs::last_write_time(directory_ / name, fs::file_time_type{} + std::chrono::seconds(seconds));
  }
  SourceSpec spec(Options options = {}, const std::string& format = "json") {
    options.try_emplace("path", directory_.path());
    options.try_emplace("format", format);
    return {
        .table = "t",
        .connector = "filesystem",
        .options = options,
        .declared = {{{"id", Type::of(TypeKind::kBigint)}, {"name", Type::of(TypeKind::kString)}}},
        .columns = {0, 1}};
  }
  std::unique_ptr<Source> source(Options options = {}, const std::string& format = "json") {
    return make_source(spec(std::move(options), format), clock_).value();
  }
  std::vector<std::string> split_ids(Source& from) {
    std::vector<std::string> ids;
    for (const Split& split : from.discover().value()) ids.push_back(split.id);
    return ids;
  }
  std::vector<std::int64_t> ids_of(const Rows& rows) {
    std::vector<std::int64_t> ids;
    for (const auto& row : rows) ids.push_back(std::get<std::int64_t>(row[0].is));
    return ids;
  }
  static std::string lines(std::int64_t first, std::int64_t last) {
    std::string text;
    for (std::int64_t id = first; id <= last; ++id)
      text += R"({"id": )" + std::to_string(id) + R"(, "name": "n"})" + "\n";
    return text;
  }

  ManualClock clock_;
  TemporaryDirectory directory_;
};

TEST_F(FilesystemSourceTest, FilesAreSplitsInOrderOfTimeThenName) {
  write("b", "", 10);
  write("a", "", 20);
  write("d", "", 20);
  write("sub/c", "", 15);
  EXPECT_THAT(split_ids(*source()), ElementsAre("b", "sub/c", "a", "d"));
}

TEST_F(FilesystemSourceTest, HiddenFilesAndDirectoriesAreIgnored) {
  for (const char* name : {".pending-x", "_SUCCESS", ".git/a", "_tmp/a", "seen"}) write(name, "");
  EXPECT_THAT(split_ids(*source()), ElementsAre("seen"));
}

TEST_F(FilesystemSourceTest, APathMayBeOneFile) {
  write("flights.json", lines(1, 3));
  const auto one = source({{"path", "file://" + directory_ / "flights.json"}});
  EXPECT_TRUE(one->bounded());
  EXPECT_THAT(split_ids(*one), ElementsAre("flights.json"));
  EXPECT_THAT(ids_of(read_all(*one, 8192)), ElementsAre(1, 2, 3));
}

TEST_F(FilesystemSourceTest, ResumesAtEveryRow) {
  write("a", lines(1, 20) + "\n" + R"({"id": 21, "name": null})");
  std::vector<std::int64_t> expected(21);
  std::iota(expected.begin(), expected.end(), 1);
  for (const std::size_t batch : {1u, 4u, 100u}) {
    EXPECT_EQ(ids_of(read_all(*source(), batch)), expected);
    EXPECT_EQ(ids_of(read_all(*source(), batch, true)), expected);
  }
}

TEST_F(FilesystemSourceTest, AnEmptyFileEndsAtOnce) {
  write("a", "");
  EXPECT_THAT(read_all(*source(), 10), IsEmpty());
}

TEST_F(FilesystemSourceTest, ReadsWindowsLineBreaks) {
  write("a", "1,x\r\n2,y\r\n");
  const Rows rows = read_all(*source({}, "csv"), 10);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(std::get<std::string>(rows[0][1].is), "x");
  EXPECT_EQ(std::get<std::string>(rows[1][1].is), "y");
}

TEST_F(FilesystemSourceTest, AHeaderIsLeftOutOfEveryFileAndOfNoRestart) {
  write("a", "id,name\n1,x\n2,y\n", 1);
  write("b", "id,name\n3,z\n", 2);
  for (const bool reopen : {false, true})
    EXPECT_THAT(ids_of(read_all(*source({{"csv.header", "true"}}, "csv"), 1, reopen)),
                ElementsAre(1, 2, 3));
}

TEST_F(FilesystemSourceTest, DecodesOnlyTheColumnsThatAreUsed) {
  write("a", lines(5, 5));
  SourceSpec one = spec();
  one.columns = {1};
  const Rows rows = read_all(*make_source(one, clock_).value(), 10);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_THAT(rows[0], ElementsAre(Value{std::string("n")}));
}

TEST_F(FilesystemSourceTest, ABadRowNamesFileLineAndCause) {
  write("a", lines(1, 2) + R"({"id": "many"})" + "\n" + lines(3, 3));
  const auto from = source();
  const auto reader = from->open(from->discover().value()[0]).value();
  const auto result = reader->read(10);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kInvalid);
  EXPECT_THAT(result.error().message, HasSubstr(directory_ / "a" + ":3: "));
  EXPECT_THAT(result.error().message, HasSubstr("id"));
}

TEST_F(FilesystemSourceTest, BadRowsAreSkippedAndCountedWhenTold) {
  write("a", lines(1, 2) + "not json\n" + lines(3, 3) + "{\n");
  const auto from = source({{"json.ignore-parse-errors", "true"}});
  const auto reader = from->open(from->discover().value()[0]).value();
  const ReadResult result = reader->read(10).value();
  EXPECT_EQ(result.batch.rows(), 3u);
  EXPECT_EQ(reader->undecodable_rows(), 2u);
}

TEST_F(FilesystemSourceTest, AGrowingDirectoryShowsNewFiles) {
  const auto from = source({{"source.monitor-interval", "2s"}});
  EXPECT_FALSE(from->bounded());
  EXPECT_EQ(from->monitor_interval(), Duration(std::chrono::seconds(2)));
  EXPECT_THAT(split_ids(*from), IsEmpty());
  write("a", lines(1, 1), 1);
  EXPECT_THAT(split_ids(*from), ElementsAre("a"));
  write("b", lines(2, 2), 2);
  EXPECT_THAT(split_ids(*from), ElementsAre("a", "b"));
}

TEST_F(FilesystemSourceTest, AMonitoredDirectoryMayComeLater) {
  const auto from = source({{"path", directory_ / "later"}, {"source.monitor-interval", "1s"}});
  EXPECT_THAT(split_ids(*from), IsEmpty());
  write("later/a", "");
  EXPECT_THAT(split_ids(*from), ElementsAre("a"));
}

TEST_F(FilesystemSourceTest, AMissingPathIsRefusedByName) {
  const auto from = source({{"path", directory_ / "none"}});
  const auto splits = from->discover();
  ASSERT_FALSE(splits);
  EXPECT_EQ(splits.error().code, Code::kInvalid);
  EXPECT_THAT(splits.error().message, HasSubstr("option 'path' of table t"));
  EXPECT_THAT(splits.error().message, HasSubstr(directory_ / "none"));
}

TEST_F(FilesystemSourceTest, ANameThatACheckpointCannotKeepIsRefused) {
  write("caf\xe9", "");
  const auto splits = source()->discover();
  ASSERT_FALSE(splits);
  EXPECT_EQ(splits.error().code, Code::kInvalid);
  EXPECT_THAT(splits.error().message, HasSubstr("not UTF-8"));
}

TEST_F(FilesystemSourceTest, AFileThatWentAwayIsNotFound) {
  EXPECT_EQ(source()->open({.id = "gone", .position = "5,1"}).error().code, Code::kNotFound);
}

TEST_F(FilesystemSourceTest, WrongOptionsAreToldBeforeTheJobStarts) {
  for (const Options& options :
       {Options{{"path", "relative"}}, Options{{"path", "s3://x/y"}},
        Options{{"source.monitor-interval", "soon"}}, Options{{"source.monitor-interval", "0s"}},
        Options{{"json.ignore-parse-errors", "perhaps"}}, Options{{"format", "parquet"}},
        Options{{"colour", "red"}}}) {
    const auto made = make_source(spec(options), clock_);
    ASSERT_FALSE(made) << options.begin()->first;
    EXPECT_EQ(made.error().code, Code::kInvalid);
    EXPECT_THAT(made.error().message, HasSubstr("t"));
  }
}

}  // namespace
}  // namespace penstock
