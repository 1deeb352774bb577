#include "operator/webhook/rotation.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

using namespace std::chrono_literals;
using Act = CertificateAct;

constexpr Millis kNow = 1'800'000'000'000;
constexpr Millis kDayMillis = 86'400'000;
const std::vector<std::string> kHosts = {"hook.penstock.svc", "127.0.0.1"};

WebhookCertificates fresh() {
  return renew_certificates(Act::kMakeAll, std::nullopt, kHosts, {}, kNow).value();
}

Act act_on(const std::optional<WebhookCertificates>& kept, Millis now, bool leads = true,
           const std::vector<std::string>& hosts = kHosts) {
  return decide_certificates(kept, hosts, leads, {}, now).act;
}

TEST(Rotation, MakesEverythingWhereThereIsNothingAndKeepsIt) {
  EXPECT_EQ(act_on(std::nullopt, kNow), Act::kMakeAll);
  const WebhookCertificates made = fresh();
  EXPECT_EQ(act_on(made, kNow), Act::kKeep);
  EXPECT_EQ(act_on(made, kNow + 50 * kDayMillis), Act::kKeep);
  EXPECT_TRUE(http::is_signed_by(made.server.certificate_pem, made.bundle_pem));
  for (const std::string& host : kHosts)
    EXPECT_TRUE(http::names_host(made.server.certificate_pem, host));
}

TEST(Rotation, TheLeaderRenewsTheServersCertificateInItsLastThirdTheOthersInTheLastSixth) {
  const WebhookCertificates made = fresh();
  const Millis third = kNow + 60 * kDayMillis, sixth = kNow + 76 * kDayMillis;
  EXPECT_EQ(act_on(made, third, true), Act::kRenewServer);
  EXPECT_EQ(act_on(made, third, false), Act::kKeep);
  EXPECT_EQ(act_on(made, sixth, false), Act::kRenewServer);

  const auto next = renew_certificates(Act::kRenewServer, made, kHosts, {}, third).value();
  EXPECT_EQ(next.bundle_pem, made.bundle_pem);
  EXPECT_NE(next.server, made.server);
  EXPECT_EQ(act_on(next, third), Act::kKeep);
}

TEST(Rotation, ANewAuthorityIsKnownEverywhereBeforeTheServerUsesIt) {
  WebhookCertificates kept = fresh();
  const Millis late = kNow + 500 * kDayMillis;
  kept = renew_certificates(Act::kRenewServer, kept, kHosts, {}, late).value();
  ASSERT_EQ(act_on(kept, late), Act::kRenewAuthority);

  const auto overlap = renew_certificates(Act::kRenewAuthority, kept, kHosts, {}, late).value();
  EXPECT_EQ(overlap.server, kept.server) << "old clients still have to trust it";
  EXPECT_TRUE(overlap.bundle_pem.ends_with(kept.bundle_pem));
  EXPECT_FALSE(http::is_signed_by(kept.server.certificate_pem, overlap.bundle_pem));
  const Millis spread =
      std::chrono::duration_cast<std::chrono::milliseconds>(CertificateTimes{}.spread).count();
  EXPECT_EQ(act_on(overlap, late + spread - 1000), Act::kKeep);
  ASSERT_EQ(act_on(overlap, late + spread), Act::kRenewServer);
  EXPECT_EQ(act_on(overlap, late + spread, false), Act::kKeep) << "that is for the leader";

  const auto done =
      renew_certificates(Act::kRenewServer, overlap, kHosts, {}, late + spread).value();
  EXPECT_EQ(done.bundle_pem, overlap.bundle_pem) << "old servers still have to be trusted";
  EXPECT_TRUE(http::is_signed_by(done.server.certificate_pem, done.bundle_pem));
  EXPECT_EQ(act_on(done, late + spread), Act::kKeep);
}

TEST(Rotation, TheBundleDoesNotGrow) {
  WebhookCertificates kept = fresh();
  std::size_t two = 0;
  for (int i = 0; i < 4; ++i) {
    kept = renew_certificates(Act::kRenewAuthority, kept, kHosts, {}, kNow).value();
    if (two == 0) two = kept.bundle_pem.size();
    EXPECT_NEAR(static_cast<double>(kept.bundle_pem.size()), static_cast<double>(two), 32);
  }
}

struct BrokenCase {
  const char* name;
  void (*change)(WebhookCertificates& kept);
  Act expect;
};

class Repairs : public testing::TestWithParam<BrokenCase> {};

TEST_P(Repairs, WhatCannotBeUsed) {
  WebhookCertificates kept = fresh();
  GetParam().change(kept);
  const CertificateDecision decision = decide_certificates(kept, kHosts, false, {}, kNow);
  EXPECT_EQ(decision.act, GetParam().expect) << decision.reason;
  const auto next = renew_certificates(decision.act, kept, kHosts, {}, kNow).value();
  EXPECT_EQ(act_on(next, kNow), Act::kKeep);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Repairs,
    testing::Values(BrokenCase{"NoServer", [](auto& k) { k.server = {}; }, Act::kRenewServer},
                    BrokenCase{"AServerOfAnotherAuthority",
                               [](auto& k) { k.server = fresh().server; }, Act::kRenewServer},
                    BrokenCase{"AKeyOfAnotherServer",
                               [](auto& k) { k.server.key_pem = fresh().server.key_pem; },
                               Act::kRenewServer},
                    BrokenCase{"NoAuthority", [](auto& k) { k.bundle_pem = "x"; }, Act::kMakeAll},
                    BrokenCase{"AnotherAuthoritysKey",
                               [](auto& k) { k.authority_key_pem = fresh().authority_key_pem; },
                               Act::kMakeAll}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Rotation, ACertificateThatEndedOrLacksANameIsReplacedByWhoeverSeesIt) {
  const WebhookCertificates made = fresh();
  EXPECT_EQ(act_on(made, kNow + 90 * kDayMillis, false), Act::kRenewServer);
  EXPECT_EQ(act_on(made, kNow + 800 * kDayMillis, false), Act::kMakeAll);
  EXPECT_EQ(act_on(made, kNow, false, {"other.penstock.svc"}), Act::kRenewServer);
}

}  // namespace
}  // namespace penstock
