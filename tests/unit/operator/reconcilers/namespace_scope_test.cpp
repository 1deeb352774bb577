#include "operator/reconcilers/namespace_scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct SelectorCase {
  const char* name;
  const char* selector;
  std::map<std::string, std::string> labels;
  bool expect;
};

class Selects : public testing::TestWithParam<SelectorCase> {};

TEST_P(Selects, AsKubernetesDoes) {
  const auto selector = parse_label_selector(GetParam().selector);
  ASSERT_TRUE(selector) << selector.error().message;
  EXPECT_EQ(selects(*selector, GetParam().labels), GetParam().expect);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Selects,
    testing::Values(SelectorCase{"Equal", "team=a", {{"team", "a"}}, true},
                    SelectorCase{"EqualTwice", "team==a", {{"team", "a"}}, true},
                    SelectorCase{"Other", "team=a", {{"team", "b"}}, false},
                    SelectorCase{"Missing", "team=a", {}, false},
                    SelectorCase{"EmptyValue", "team=", {{"team", ""}}, true},
                    SelectorCase{"Differs", "team!=a", {{"team", "b"}}, true},
                    SelectorCase{"MissingDiffers", "team!=a", {}, true},
                    SelectorCase{"DoesNotDiffer", "team!=a", {{"team", "a"}}, false},
                    SelectorCase{"Exists", "x.dev/ours", {{"x.dev/ours", "?"}}, true},
                    SelectorCase{"DoesNotExist", "ours", {{"theirs", ""}}, false},
                    SelectorCase{"Absent", "!theirs", {{"ours", ""}}, true},
                    SelectorCase{"NotAbsent", "!theirs", {{"theirs", ""}}, false},
                    SelectorCase{"All", "a=1,b!=2,c", {{"a", "1"}, {"c", ""}}, true},
                    SelectorCase{"NotAll", "a=1,b!=2,c", {{"a", "1"}}, false}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(LabelSelector, WhatIsNoneIsRefusedByItsPart) {
  for (const char* text : {"", ",", "a,", "a in (b)", "=x", "!=x", "a=b=c", "a!==b", "!"}) {
    const auto selector = parse_label_selector(text);
    ASSERT_FALSE(selector) << text;
    EXPECT_EQ(selector.error().code, Code::kInvalid);
    EXPECT_THAT(selector.error().message, HasSubstr("team=a"));
  }
}

k8s::Object object(const std::string& space, const std::string& name,
                   const std::string& labels = "{}", const std::string& version = "1") {
  return k8s::Object::parse(R"({"metadata":{"namespace":")" + space + R"(","name":")" + name +
                            R"(","resourceVersion":")" + version + R"(","labels":)" + labels + "}}")
      .value();
}

class Counting final : public Reconciler {
 public:
  std::string_view name() const override { return "streamjob"; }
  Result<NextLook> reconcile(const std::string& key) override {
    keys.push_back(key);
    return NextLook(std::chrono::seconds(1));
  }
  std::vector<std::string> keys;
};

TEST(ScopedReconciler, LeavesAloneWhatIsInOtherNamespacesWheneverItIsAsked) {
  k8s::ObjectStore namespaces;
  const LabelSelector selector = parse_label_selector("penstock=yes").value();
  Counting inner;
  ScopedReconciler scoped(inner, selector, namespaces);
  namespaces.put(object("", "ours", R"({"penstock":"yes"})"));
  namespaces.put(object("", "theirs"));
  for (const char* key : {"ours/a", "theirs/a", "gone/a"}) ASSERT_TRUE(scoped.reconcile(key));
  EXPECT_THAT(inner.keys, ElementsAre("ours/a"));
  EXPECT_EQ(scoped.reconcile("theirs/a").value(), NextLook()) << "not looked at again";

  namespaces.put(object("", "ours", "{}", "2"));
  namespaces.put(object("", "theirs", R"({"penstock":"yes"})", "2"));
  for (const char* key : {"ours/a", "theirs/a"}) ASSERT_TRUE(scoped.reconcile(key));
  EXPECT_THAT(inner.keys, ElementsAre("ours/a", "theirs/a"));
}

TEST(ScopedReconciler, WithoutASelectorEverythingIsInScope) {
  k8s::ObjectStore namespaces;
  const LabelSelector selector;
  Counting inner;
  ScopedReconciler scoped(inner, selector, namespaces);
  ASSERT_TRUE(scoped.reconcile("any/a"));
  EXPECT_THAT(inner.keys, ElementsAre("any/a"));
}

TEST(WakeForNamespace, WakesWhatIsInItWhenItsLabelsChange) {
  Stores stores;
  stores.jobs.put(object("ours", "a"));
  stores.jobs.put(object("theirs", "b"));
  stores.policies.put(object("ours", "p"));
  stores.snapshots.put(object("ours", "s"));
  std::vector<std::string> woken;
  const auto note = [&](const std::string& key) { woken.push_back(key); };
  const Wake wake{note, note, note};
  const k8s::Object plain = object("", "ours");
  const k8s::Object labelled = object("", "ours", R"({"penstock":"yes"})");
  wake_for_namespace(stores, {plain, plain}, wake);
  wake_for_namespace(stores, {plain, std::nullopt}, wake);
  EXPECT_TRUE(woken.empty());
  wake_for_namespace(stores, {plain, labelled}, wake);
  EXPECT_THAT(woken, ElementsAre("ours/a", "ours/p", "ours/s"));
}

}  // namespace
}  // namespace penstock
