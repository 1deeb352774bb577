#include "operator/process_runner/pod_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace penstock {
namespace {

namespace fs = std::filesystem;

TEST(ReplacePaths, ReplacesWholePathsOnly) {
  const std::vector<std::pair<std::string, std::string>> paths = {
      {"/etc/penstock", "/pods/u1/mounts/job"}};
  EXPECT_EQ(replace_paths("/etc/penstock/job.yaml", paths), "/pods/u1/mounts/job/job.yaml");
  EXPECT_EQ(replace_paths("--file=/etc/penstock", paths), "--file=/pods/u1/mounts/job");
  EXPECT_EQ(replace_paths("/etc/penstock-other", paths), "/etc/penstock-other");
  EXPECT_EQ(replace_paths("/host/etc/penstock", paths), "/host/etc/penstock");
}

TEST(ExpandReferences, FollowsKubernetesRules) {
  const std::map<std::string, std::string> values = {{"POD_IP", "127.0.0.9"}};
  EXPECT_EQ(expand_references("$(POD_IP):7070", values), "127.0.0.9:7070");
  EXPECT_EQ(expand_references("$(UNKNOWN) $$(POD_IP) $5", values), "$(UNKNOWN) $(POD_IP) $5");
  EXPECT_EQ(expand_references("$(POD_IP", values), "$(POD_IP");
}

class PodFolderTest : public testing::Test {
 protected:
  PodFolderTest()
      : root_(fs::path(testing::TempDir()) / ("folder-" + std::to_string(getpid()))),
        folder_(root_, "u1") {
    fs::remove_all(root_);
  }
  ~PodFolderTest() override { fs::remove_all(root_); }

  PodView pod() const {
    return {.name_space = "default",
            .name = "orders-0",
            .uid = "u1",
            .command = {"penstock"},
            .args = {"run", "/etc/penstock/job.yaml", "--control", "$(POD_IP):7070",
                     "--termination-message", "/dev/termination-log"},
            .environment = {{.name = "POD_IP",
                             .source = PodEnvironment::Source::kField,
                             .key = "status.podIP"},
                            {.name = "PASSWORD",
                             .source = PodEnvironment::Source::kSecretKey,
                             .object = "db",
                             .key = "password"}},
            .mounts = {{.path = "/etc/penstock",
                        .kind = PodMount::Kind::kConfigMap,
                        .volume = "job",
                        .object = "orders"}}};
  }

  ReadKeys objects_ = [](PodMount::Kind kind,
                         const std::string& name) -> Result<std::map<std::string, std::string>> {
    if (kind == PodMount::Kind::kConfigMap && name == "orders")
      return std::map<std::string, std::string>{{"job.yaml", "sql: x"}};
    if (kind == PodMount::Kind::kSecret && name == "db")
      return std::map<std::string, std::string>{{"password", "s3cret"}};
    return Error{Code::kNotFound, (kind == PodMount::Kind::kSecret ? "secret \"" : "configmap \"") +
                                      name + "\" not found"};
  };

  fs::path root_;
  PodFolder folder_;
};

TEST_F(PodFolderTest, PreparesMountsEnvironmentAndArguments) {
  ASSERT_TRUE(folder_.set_pod_ip("127.64.0.1"));
  const auto launch = folder_.prepare(pod(), 0, "/opt/penstock", objects_);
  ASSERT_TRUE(launch) << launch.error().message;
  const std::string job = (root_ / "u1" / "mounts" / "job" / "job.yaml").string();
  EXPECT_EQ(launch->command,
            (std::vector<std::string>{"/opt/penstock", "run", job, "--control", "127.64.0.1:7070",
                                      "--termination-message",
                                      (root_ / "u1" / "termination-message").string()}));
  std::string text;
  std::getline(std::ifstream(job) >> std::ws, text);
  EXPECT_EQ(text, "sql: x");
  EXPECT_EQ(std::ranges::count(launch->environment,
                               std::pair<std::string, std::string>{"PASSWORD", "s3cret"}),
            1);
}

TEST_F(PodFolderTest, MountsSecretsForTheirOwnerAlone) {
  PodView view = pod();
  view.mounts.push_back({.path = "/etc/penstock-tls",
                         .kind = PodMount::Kind::kSecret,
                         .volume = "tls",
                         .object = "db",
                         .mode = 0600});
  view.args = {"run", "--control-certificates", "/etc/penstock-tls"};
  const auto launch = folder_.prepare(view, 0, "/opt/penstock", objects_);
  ASSERT_TRUE(launch) << launch.error().message;
  const fs::path file = fs::path(launch->command.back()) / "password";
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::status(root_ / "u1" / "mounts").permissions(), fs::perms::owner_all);
}

TEST_F(PodFolderTest, ShowsNothingOfAnOptionalObjectThatIsAbsent) {
  PodView view = pod();
  view.mounts[0].object = "gone";
  view.mounts[0].optional = true;
  ASSERT_TRUE(folder_.prepare(view, 0, "/opt/penstock", objects_));
  EXPECT_FALSE(fs::exists(root_ / "u1" / "mounts" / "job" / "job.yaml"));
}

TEST_F(PodFolderTest, SaysWhatIsMissing) {
  PodView view = pod();
  view.mounts[0].object = "gone";
  auto launch = folder_.prepare(view, 0, "/opt/penstock", objects_);
  ASSERT_FALSE(launch);
  EXPECT_EQ(launch.error().message, "CreateContainerConfigError: configmap \"gone\" not found");
  view = pod();
  view.environment[1].key = "user";
  launch = folder_.prepare(view, 0, "/opt/penstock", objects_);
  ASSERT_FALSE(launch);
  EXPECT_EQ(launch.error().message,
            "CreateContainerConfigError: couldn't find key user in Secret default/db");
  view = pod();
  view.command = {"/bin/sh"};
  launch = folder_.prepare(view, 0, "/opt/penstock", objects_);
  ASSERT_FALSE(launch);
  EXPECT_EQ(launch.error().message,
            "StartError: exec: \"/bin/sh\": executable file not found in the image");
}

}  // namespace
}  // namespace penstock
