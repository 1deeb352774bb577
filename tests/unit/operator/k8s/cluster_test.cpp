#include "operator/k8s/cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace penstock::k8s {
namespace {

using testing::HasSubstr;

class KubeconfigTest : public testing::Test {
 protected:
  KubeconfigTest() : folder_(testing::TempDir() + "kubeconfig_test") {
    std::filesystem::create_directories(folder_);
  }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }
  const std::string folder_;
};

constexpr const char* kConfig = R"(
apiVersion: v1
kind: Config
current-context: here
clusters:
- name: c
  cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: aGVsbG8=}
users:
- name: u
  user: {token: abc, client-certificate: cert.pem}
contexts:
- name: here
  context: {cluster: c, user: u, namespace: team}
- name: broken
  context: {cluster: missing, user: u}
)";

TEST_F(KubeconfigTest, ReadsTheCurrentContext) {
  const auto cluster = read_kubeconfig({write("config", kConfig)});
  ASSERT_TRUE(cluster) << cluster.error().message;
  EXPECT_EQ(cluster->server, "https://127.0.0.1:6443");
  EXPECT_EQ(cluster->authority.text, "hello");
  EXPECT_EQ(cluster->token.text, "abc");
  EXPECT_EQ(cluster->name_space, "team");
  EXPECT_EQ(cluster->client_certificate.file, folder_ + "/cert.pem");
}

TEST_F(KubeconfigTest, SaysWhatIsMissing) {
  const auto cluster = read_kubeconfig({write("config", kConfig)}, "broken");
  ASSERT_FALSE(cluster);
  EXPECT_EQ(cluster.error().code, Code::kInvalid);
  EXPECT_THAT(cluster.error().message, HasSubstr("no cluster named 'missing'"));
}

TEST_F(KubeconfigTest, TheFirstFileWins) {
  const std::string first =
      write("first", "current-context: here\nusers: [{name: u, user: {token: first}}]\n");
  const auto cluster = read_kubeconfig({first, write("config", kConfig)});
  ASSERT_TRUE(cluster) << cluster.error().message;
  EXPECT_EQ(cluster->token.text, "first");
}

TEST_F(KubeconfigTest, RefusesExecPlugins) {
  const auto cluster = read_kubeconfig({write("exec", R"(
current-context: x
clusters: [{name: c, cluster: {server: "https://h"}}]
users: [{name: u, user: {exec: {command: aws}}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
)")});
  ASSERT_FALSE(cluster);
  EXPECT_THAT(cluster.error().message, HasSubstr("NotImplemented"));
}

TEST_F(KubeconfigTest, SaysWhichFileIsBroken) {
  const auto cluster = read_kubeconfig({write("broken", "a: [")});
  ASSERT_FALSE(cluster);
  EXPECT_EQ(cluster.error().code, Code::kInvalid);
  EXPECT_THAT(cluster.error().message, HasSubstr("/broken"));
}

}  // namespace
}  // namespace penstock::k8s
