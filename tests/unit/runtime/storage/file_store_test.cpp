#include "runtime/storage/file_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "runtime/storage/posix_file.h"
#include "tests/support/temporary_directory.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> all_files(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
    if (!entry.is_directory()) names.push_back(entry.path().filename().string());
  return names;
}

TEST(FileStore, MakesTheDirectoryAndItsParents) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(FileStore::open(directory / "a/b/c/"));
  EXPECT_TRUE(std::filesystem::is_directory(directory / "a/b/c"));
}

TEST(FileStore, LeavesNoTemporaryBehind) {
  const TemporaryDirectory directory;
  const auto store = FileStore::open(directory.path()).value();
  ASSERT_TRUE(store->put_if_absent("log/0", "x"));
  ASSERT_FALSE(store->put_if_absent("log/0", "y"));
  EXPECT_THAT(all_files(directory.path()), ElementsAre("0"));
}

TEST(FileStore, ListsNoTemporaryOfAKilledProcess) {
  const TemporaryDirectory directory;
  const auto store = FileStore::open(directory.path()).value();
  std::filesystem::create_directories(directory / "log");
  std::filesystem::create_directories(directory / ".hidden");
  std::ofstream(directory / "log/.00000007.123.0") << "half";
  std::ofstream(directory / ".hidden/visible") << "x";
  EXPECT_THAT(store->list("").value(), IsEmpty());
  EXPECT_THAT(store->list("log/").value(), IsEmpty());
}

TEST(FileStore, ATemporaryOfAKilledProcessIsNoObstacle) {
  const TemporaryDirectory directory;
  const auto store = FileStore::open(directory.path()).value();
  std::ofstream(directory / (".x." + std::to_string(::getpid()) + ".0")) << "half";
  ASSERT_TRUE(store->put_if_absent("x", "whole"));
  EXPECT_EQ(store->get("x").value(), "whole");
}

TEST(FileStore, APathThatIsAFileIsRefusedByName) {
  const TemporaryDirectory directory;
  std::ofstream(directory / "file") << "x";
  const auto store = FileStore::open(directory / "file");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::kUnavailable);
  EXPECT_THAT(store.error().message, HasSubstr(directory / "file"));
  EXPECT_THAT(store.error().message, HasSubstr("choose a directory"));
}

TEST(FileStore, ADirectoryThatCannotBeWrittenIsRefusedByName) {
  // /proc refuses new files even to root.
  const auto store = FileStore::open("/proc");
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().message, HasSubstr("the directory cannot be used"));
  EXPECT_THAT(store.error().message, HasSubstr("/proc/"));
}

TEST(FileStore, AFullDiskNamesThePathAndWhatToDo) {
  const auto full = open_file("/dev/full", 01 /* O_WRONLY */);
  ASSERT_TRUE(full);
  const Status written = write_all(*full, "x", "/dev/full");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::kUnavailable);
  EXPECT_EQ(written.error().message,
            "cannot write /dev/full: No space left on device; free space there or choose another "
            "directory");
}

struct NameCase {
  const char* name;
  const char* value;
};
class IllegalBlobName : public testing::TestWithParam<NameCase> {};
TEST_P(IllegalBlobName, IsRefused) {
  const TemporaryDirectory directory;
  const auto store = FileStore::open(directory.path()).value();
  EXPECT_EQ(store->put_if_absent(GetParam().value, "x").error().code, Code::kInvalid);
  EXPECT_EQ(store->get(GetParam().value).error().code, Code::kInvalid);
  EXPECT_EQ(store->remove(GetParam().value).error().code, Code::kInvalid);
}
INSTANTIATE_TEST_SUITE_P(Table, IllegalBlobName,
                         testing::Values(NameCase{.name = "Empty", .value = ""},
                                         NameCase{.name = "Absolute", .value = "/etc/passwd"},
                                         NameCase{.name = "LeavesTheRoot", .value = "../x"},
                                         NameCase{.name = "LeavesTheRootLater",
                                                  .value = "a/../../x"},
                                         NameCase{.name = "Hidden", .value = "a/.b"},
                                         NameCase{.name = "EmptyPart", .value = "a//b"},
                                         NameCase{.name = "Directory", .value = "a/"}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(OpenBlobStore, TakesPathsAndFileUris) {
  const TemporaryDirectory directory;
  EXPECT_EQ(open_blob_store(directory / "a").value()->uri(), "file://" + directory / "a");
  EXPECT_EQ(open_blob_store("file://" + directory / "b/").value()->uri(),
            "file://" + directory / "b");
}

TEST(OpenBlobStore, AnExistingOneIsNotMade) {
  const TemporaryDirectory directory;
  EXPECT_EQ(open_existing_blob_store(directory / "none").error().code, Code::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(directory / "none"));
  const auto store = open_existing_blob_store(directory.path()).value();
  EXPECT_THAT(store->list("").value(), IsEmpty());
}

TEST(OpenBlobStore, RefusesWhatIsNoStore) {
  const auto store = open_blob_store("gs://bucket/x");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::kInvalid);
  EXPECT_THAT(store.error().message, HasSubstr("NotImplemented"));
  EXPECT_EQ(open_blob_store("relative/path").error().code, Code::kInvalid);
  EXPECT_EQ(open_blob_store("s3://").error().code, Code::kInvalid);
}

}  // namespace
}  // namespace penstock
