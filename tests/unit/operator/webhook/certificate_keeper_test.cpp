#include "operator/webhook/certificate_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "operator/k8s/failing_transport.h"
#include "operator/k8s/memory_transport.h"
#include "runtime/base/base64.h"

namespace penstock {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const k8s::Resource kSecrets{"", "v1", "secrets", "Secret", true};
const k8s::Resource kConfigurations{"admissionregistration.k8s.io", "v1",
                                    "validatingwebhookconfigurations",
                                    "ValidatingWebhookConfiguration", false};
const k8s::ObjectKey kSecret{"penstock", "penstock-webhook"};
constexpr const char* kConfiguration =
    R"({"metadata":{"name":"penstock"},"webhooks":[{"name":"a","clientConfig":{"service":{"name":"s"}}},)"
    R"({"name":"b","failurePolicy":"Fail","clientConfig":{"caBundle":"eA=="}}]})";

class Keeper : public testing::Test {
 protected:
  Keeper() { api_.put(kConfigurations, kConfiguration); }

  // One replica of the operator.
  struct Replica {
    Replica(k8s::Transport& transport, Clock& clock, bool leads)
        : reader(transport),
          writer(transport, "tests"),
          keeper(reader, writer, clock,
                 {.secret = kSecret,
                  .configuration = "penstock",
                  .hosts = {"hook.penstock.svc"},
                  .use =
                      [this](const http::KeyPair& pair) {
                        serves.push_back(pair.certificate_pem);
                        return ok();
                      },
                  .leads = [leads] { return leads; }}) {}
    const k8s::Reader reader;
    const k8s::Writer writer;
    std::vector<std::string> serves;
    CertificateKeeper keeper;
  };

  WebhookCertificates stored() const {
    return read_certificate_secret(api_.find(kSecrets, kSecret)).value();
  }
  std::string bundle(std::size_t index) const {
    const json it = json::parse(api_.find(kConfigurations, {"", "penstock"}));
    return it["webhooks"][index]["clientConfig"].value("caBundle", "");
  }

  k8s::MemoryApi api_;
  k8s::MemoryTransport transport_{api_};
  ManualClock clock_{1'800'000'000'000};
};

TEST_F(Keeper, MakesTheSecretServesItAndPublishesTheAuthority) {
  Replica one(transport_, clock_, false);
  ASSERT_TRUE(one.keeper.look());
  ASSERT_EQ(one.serves.size(), 1u);
  EXPECT_EQ(one.serves[0], stored().server.certificate_pem);
  EXPECT_EQ(bundle(0), encode_base64(stored().bundle_pem));
  EXPECT_EQ(bundle(1), bundle(0));
  const json configuration = json::parse(api_.find(kConfigurations, {"", "penstock"}));
  EXPECT_EQ(configuration["webhooks"][0]["clientConfig"]["service"]["name"], "s");
  EXPECT_EQ(configuration["webhooks"][1]["failurePolicy"], "Fail");
}

TEST_F(Keeper, WritesNothingWhereEverythingIsRight) {
  Replica one(transport_, clock_, true), two(transport_, clock_, false);
  ASSERT_TRUE(one.keeper.look());
  const std::string before =
      api_.find(kSecrets, kSecret) + api_.find(kConfigurations, {"", "penstock"});
  ASSERT_TRUE(one.keeper.look());
  ASSERT_TRUE(two.keeper.look());
  EXPECT_EQ(api_.find(kSecrets, kSecret) + api_.find(kConfigurations, {"", "penstock"}), before);
  EXPECT_EQ(one.serves.size(), 1u);
  EXPECT_EQ(two.serves, one.serves) << "all replicas serve the same certificate";
}

TEST_F(Keeper, RepairsABundleThatSomebodyChanged) {
  Replica one(transport_, clock_, false);
  ASSERT_TRUE(one.keeper.look());
  api_.put(kConfigurations, kConfiguration);
  ASSERT_TRUE(one.keeper.look());
  EXPECT_EQ(bundle(1), encode_base64(stored().bundle_pem));
}

TEST_F(Keeper, FollowersServeWhatTheLeaderRenewed) {
  Replica leader(transport_, clock_, true), follower(transport_, clock_, false);
  ASSERT_TRUE(leader.keeper.look());
  ASSERT_TRUE(follower.keeper.look());
  clock_.advance(61 * http::kDay);
  ASSERT_TRUE(follower.keeper.look());
  EXPECT_EQ(follower.serves.size(), 1u) << "renewing is the leader's";
  ASSERT_TRUE(leader.keeper.look());
  ASSERT_TRUE(follower.keeper.look());
  EXPECT_EQ(leader.serves.size(), 2u);
  EXPECT_EQ(follower.serves, leader.serves);
}

TEST_F(Keeper, TheSlowerOfTwoTakesWhatTheFasterMade) {
  // Both find nothing; the second create is refused.
  struct Racing final : k8s::Transport {
    Racing(k8s::Transport& inner, std::function<void()> before_create)
        : inner_(inner), before_create_(std::move(before_create)) {}
    Result<k8s::Response> call(const k8s::Request& request) override {
      if (request.method == "POST" && before_create_) std::exchange(before_create_, nullptr)();
      return inner_.call(request);
    }
    Result<k8s::Response> stream(const k8s::Request& request, const OnLine& on_line,
                                 const std::stop_token& stop) override {
      return inner_.stream(request, on_line, stop);
    }
    void rotate() override {}
    k8s::RequestCounts counts() const override { return inner_.counts(); }
    k8s::Transport& inner_;
    std::function<void()> before_create_;
  };
  Replica fast(transport_, clock_, true);
  Racing transport(transport_, [&] { ASSERT_TRUE(fast.keeper.look()); });
  Replica slow(transport, clock_, false);
  EXPECT_EQ(slow.keeper.look().error().code, Code::kConflict);
  EXPECT_TRUE(slow.serves.empty());
  ASSERT_TRUE(slow.keeper.look());
  EXPECT_EQ(slow.serves, fast.serves);
}

TEST_F(Keeper, ServesEvenWhenTheConfigurationIsMissingAndSaysSo) {
  api_.remove(kConfigurations, {"", "penstock"});
  Replica one(transport_, clock_, true);
  const Status looked = one.keeper.look();
  ASSERT_FALSE(looked);
  EXPECT_THAT(looked.error().message, HasSubstr("ValidatingWebhookConfiguration penstock"));
  EXPECT_EQ(one.serves.size(), 1u);
}

// Whatever fails, the next look ends with everything right.
TEST_F(Keeper, RecoversFromAFailureOfEachRequest) {
  for (const auto when :
       {k8s::FailingTransport::When::kBefore, k8s::FailingTransport::When::kAfter})
    for (int at = 0;; ++at) {
      api_.remove(kSecrets, kSecret);
      api_.put(kConfigurations, kConfiguration);
      k8s::FailingTransport failing(transport_, at, when);
      Replica one(failing, clock_, true);
      const Status first = one.keeper.look();
      if (failing.calls() <= at) break;
      EXPECT_FALSE(first);
      ASSERT_TRUE(one.keeper.look()) << at;
      EXPECT_EQ(one.serves.back(), stored().server.certificate_pem);
      EXPECT_EQ(bundle(0), encode_base64(stored().bundle_pem));
    }
}

TEST(CertificateSecret, WhatIsNoneIsNone) {
  for (const char* text : {"", "[]", "{}", R"({"data":[]})", R"({"data":{"ca.crt":7}})",
                           R"({"data":{"ca.crt":"?","ca.key":"eA=="}})"})
    EXPECT_FALSE(read_certificate_secret(text)) << text;
  for (const char* text : {"", "[]", "{}", R"({"webhooks":{}})", R"({"webhooks":[1]})"})
    EXPECT_FALSE(bundle_patch(text, "x")) << text;
}

}  // namespace
}  // namespace penstock
