#include "operator/process_runner/volume_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace penstock {
namespace {

namespace fs = std::filesystem;
using Keys = std::map<std::string, std::string>;

const Keys kKeys = {{"tls.crt", "certificate"}, {"tls.key", "key"}};

TEST(VolumeFiles, AreAllKeysWithoutItems) {
  const auto files = volume_files({.volume = "tls", .mode = 0600}, kKeys);
  ASSERT_TRUE(files);
  EXPECT_EQ(*files, (VolumeFiles{{"tls.crt", {"certificate", 0600}}, {"tls.key", {"key", 0600}}}));
}

TEST(VolumeFiles, AreTheItemsAtTheirPathsWithTheirModes) {
  const PodMount mount{.volume = "tls",
                       .items = {{.key = "tls.key", .path = "private/key", .mode = 0400}}};
  const auto files = volume_files(mount, kKeys);
  ASSERT_TRUE(files);
  EXPECT_EQ(*files, (VolumeFiles{{"private/key", {"key", 0400}}}));
}

TEST(VolumeFiles, NeedTheKeysOfTheirItemsUnlessOptional) {
  PodMount mount{.volume = "tls", .object = "orders-0", .items = {{.key = "ca.crt", .path = "ca"}}};
  const auto files = volume_files(mount, kKeys);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().message, "references non-existent key: ca.crt of orders-0 (volume tls)");
  mount.optional = true;
  ASSERT_TRUE(volume_files(mount, kKeys));
  EXPECT_TRUE(volume_files(mount, kKeys)->empty());
}

TEST(VolumeFiles, NeverLeaveTheirFolder) {
  for (const char* key : {"../evil", "a/b", "..", ".", "..data", ""})
    EXPECT_FALSE(volume_files({.volume = "tls"}, {{key, "x"}})) << key;
}

class WriteVolume : public testing::Test {
 protected:
  WriteVolume() : folder_(fs::path(testing::TempDir()) / ("volume-" + std::to_string(getpid()))) {
    fs::remove_all(folder_);
  }
  ~WriteVolume() override { fs::remove_all(folder_); }

  std::string read(const std::string& path) const {
    std::ifstream file(folder_ / path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};

TEST_F(WriteVolume, ShowsFilesWithTheirModes) {
  ASSERT_TRUE(write_volume(folder_, {{"tls.key", {"secret", 0600}}, {"sub/ca.crt", {"ca", 0444}}}));
  EXPECT_EQ(read("tls.key"), "secret");
  EXPECT_EQ(read("sub/ca.crt"), "ca");
  EXPECT_EQ(fs::status(folder_ / "tls.key").permissions(), fs::perms(0600));
  EXPECT_EQ(fs::status(folder_ / "sub/ca.crt").permissions(), fs::perms(0444));
}

TEST_F(WriteVolume, ReplacesAllFilesInOneStep) {
  ASSERT_TRUE(write_volume(folder_, {{"tls.crt", {"1", 0600}}, {"old", {"x", 0600}}}));
  // Whoever has the old folder open goes on seeing the old files until it is gone; who resolves
  // `..data` once sees files of one generation alone.
  const fs::path before = fs::read_symlink(folder_ / "..data");
  ASSERT_TRUE(write_volume(folder_, {{"tls.crt", {"2", 0600}}, {"new", {"y", 0600}}}));
  EXPECT_NE(fs::read_symlink(folder_ / "..data"), before);
  EXPECT_EQ(fs::read_symlink(folder_ / "tls.crt"), "..data/tls.crt");
  EXPECT_EQ(read("tls.crt"), "2");
  EXPECT_EQ(read("new"), "y");
  EXPECT_FALSE(fs::exists(fs::symlink_status(folder_ / "old")));
  EXPECT_EQ(entries(), 4u);  // two names, ..data and its generation
}

TEST_F(WriteVolume, WritesNothingThatIsThere) {
  const VolumeFiles files = {{"tls.crt", {"1", 0600}}};
  ASSERT_TRUE(write_volume(folder_, files));
  const fs::path before = fs::read_symlink(folder_ / "..data");
  ASSERT_TRUE(write_volume(folder_, files));
  EXPECT_EQ(fs::read_symlink(folder_ / "..data"), before);
  ASSERT_TRUE(write_volume(folder_, {{"tls.crt", {"1", 0400}}}));
  EXPECT_NE(fs::read_symlink(folder_ / "..data"), before);
}

TEST_F(WriteVolume, HealsWhatACrashLeft) {
  ASSERT_TRUE(write_volume(folder_, {{"tls.crt", {"1", 0600}}}));
  fs::create_directory(folder_ / "..half");
  fs::create_symlink("..nowhere", folder_ / "..data.next");
  fs::remove(folder_ / "tls.crt");
  ASSERT_TRUE(write_volume(folder_, {{"tls.crt", {"1", 0600}}}));
  EXPECT_EQ(read("tls.crt"), "1");
  EXPECT_EQ(entries(), 3u);
}

}  // namespace
}  // namespace penstock
