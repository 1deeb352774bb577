#include "controllers/desired/template.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace penstock {
namespace {

using nlohmann::json;

struct Case {
  const char* name;
  const char* pod;
  const char* more;
  const char* expect;
};

class MergeTemplate : public testing::TestWithParam<Case> {};

TEST_P(MergeTemplate, Table) {
  EXPECT_EQ(json::parse(merge_template(GetParam().pod, GetParam().more)),
            json::parse(GetParam().expect));
}

INSTANTIATE_TEST_SUITE_P(
    Table, MergeTemplate,
    testing::Values(
        Case{"NothingToMerge", R"({"spec": {"a": 1}})", "", R"({"spec": {"a": 1}})"},
        Case{"ObjectsMemberByMember", R"({"metadata": {"labels": {"a": "1"}}})",
             R"({"metadata": {"labels": {"b": "2"}}, "spec": {"nodeSelector": {"c": "3"}}})",
             R"({"metadata": {"labels": {"a": "1", "b": "2"}},
                 "spec": {"nodeSelector": {"c": "3"}}})"},
        Case{"ContainersAndTheirListsByKey",
             R"({"containers": [{"name": "engine", "env": [{"name": "A", "value": "1"}],
                                 "volumeMounts": [{"name": "job", "mountPath": "/job"}]}]})",
             R"({"containers": [{"name": "engine",
                                 "env": [{"name": "A", "value": "2"}, {"name": "B", "value": "3"}],
                                 "volumeMounts": [{"name": "out", "mountPath": "/out"}]}]})",
             R"({"containers": [{"name": "engine",
                                 "env": [{"name": "A", "value": "2"}, {"name": "B", "value": "3"}],
                                 "volumeMounts": [{"name": "job", "mountPath": "/job"},
                                                  {"name": "out", "mountPath": "/out"}]}]})"},
        Case{"OtherListsAsAWhole", R"({"tolerations": [{"key": "a"}]})",
             R"({"tolerations": [{"key": "b"}]})", R"({"tolerations": [{"key": "b"}]})"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace penstock
