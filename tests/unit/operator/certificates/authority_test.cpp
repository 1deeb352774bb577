#include "operator/certificates/authority.h"

#include <gtest/gtest.h>

#include "operator/k8s/failing_transport.h"
#include "operator/k8s/memory_transport.h"

namespace penstock {
namespace {

const k8s::ObjectKey kName{"penstock", "penstock-ca"};

struct World {
  Result<http::KeyPair> keep() { return keep_authority(reader, writer, clock, kName); }

  ManualClock clock{1'700'000'000'000};
  k8s::MemoryApi api;
  k8s::MemoryTransport memory{api};
  k8s::Reader reader{memory};
  k8s::Writer writer{memory, "penstock-operator"};
};

TEST(Authority, IsMadeOnceAndKept) {
  World world;
  const auto first = world.keep(), second = world.keep();
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(first->certificate_pem, second->certificate_pem);
  EXPECT_EQ(first->key_pem, second->key_pem);
  EXPECT_TRUE(http::issue(*second, {.common_name = "x", .hosts = {"x"}}, world.clock.now()));
}

TEST(Authority, WhatAFailedStartLeftIsTakenUp) {
  for (const auto when :
       {k8s::FailingTransport::When::kBefore, k8s::FailingTransport::When::kAfter}) {
    for (int call = 0; call < 2; ++call) {
      World world;
      k8s::FailingTransport failing(world.memory, call, when);
      const k8s::Reader reader{failing};
      const k8s::Writer writer{failing, "penstock-operator"};
      EXPECT_FALSE(keep_authority(reader, writer, world.clock, kName)) << call;
      EXPECT_TRUE(world.keep()) << call;
      EXPECT_EQ(world.api.count(k8s::secrets()), 1u);
    }
  }
}

TEST(Authority, ASecretOfThatNameWithSomethingElseIsNamedAndLeftAlone) {
  World world;
  world.api.put(k8s::secrets(), R"({"metadata": {"namespace": "penstock", "name": "penstock-ca"},
                                    "data": {"ca.crt": "eA=="}})");
  const auto kept = world.keep();
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().code, Code::kInvalid);
  EXPECT_NE(kept.error().message.find("penstock/penstock-ca"), std::string::npos);
  EXPECT_NE(world.api.find(k8s::secrets(), kName).find("eA=="), std::string::npos);
}

}  // namespace
}  // namespace penstock
