#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/admission/causes.h"

namespace penstock {
namespace {

struct Case {
  const char* name;
  const char* text;
  std::vector<std::string> refused;  // paths
};

class CheckTemplate : public testing::TestWithParam<Case> {};

TEST_P(CheckTemplate, RefusesWhatIsTheOperatorsByItsPath) {
  Verdict verdict;
  check_template({GetParam().text}, "spec.template", verdict);
  std::vector<std::string> paths;
  for (const api::FieldError& cause : verdict.causes) paths.push_back(cause.path);
  EXPECT_EQ(paths, GetParam().refused);
}

INSTANTIATE_TEST_SUITE_P(
    Table, CheckTemplate,
    testing::Values(
        Case{"Nothing", "", {}},
        Case{"WhatPeopleNeed",
             R"({"metadata": {"labels": {"team": "a"}, "annotations": {"x": "y"}},
                 "spec": {"nodeSelector": {"disk": "ssd"}, "tolerations": [{"operator": "Exists"}],
                          "volumes": [{"name": "out", "emptyDir": {}}],
                          "initContainers": [{"name": "wait", "image": "i"}],
                          "containers": [{"name": "engine", "env": [{"name": "A", "value": "b"}],
                            "volumeMounts": [{"name": "out", "mountPath": "/out"}]}]}})",
             {}},
        Case{"OtherParts", R"({"kind": "Pod"})", {"spec.template.kind"}},
        Case{"NoObject", R"({"spec": []})", {"spec.template.spec"}},
        Case{"AName", R"({"metadata": {"name": "x"}})", {"spec.template.metadata.name"}},
        Case{"OurLabels",
             R"({"metadata": {"labels": {"penstock.dev/job": "x"}}})",
             {"spec.template.metadata.labels"}},
        Case{"AnotherContainer",
             R"({"spec": {"containers": [{"name": "log"}]}})",
             {"spec.template.spec.containers[0]"}},
        Case{"OurProcess",
             R"({"spec": {"containers": [{"name": "engine", "image": "x", "args": ["y"]}]}})",
             {"spec.template.spec.containers[0].args", "spec.template.spec.containers[0].image"}},
        Case{"OurAddress",
             R"({"spec": {"containers": [{"name": "engine", "env": [{"name": "POD_IP"}]}]}})",
             {"spec.template.spec.containers[0].env"}},
        Case{"OurVolumes",
             R"({"spec": {"volumes": [{"name": "x"}, {"name": "tls"}]}})",
             {"spec.template.spec.volumes[1].name"}},
        Case{"ListsThatAreNone",
             R"({"metadata": {"labels": 1}, "spec": {"containers": {}, "volumes": null}})",
             {"spec.template.metadata.labels", "spec.template.spec.containers",
              "spec.template.spec.volumes"}},
        Case{"NamesThatAreNone",
             R"({"spec": {"containers": [{"name": 1}, 2], "volumes": [{"name": []}]}})",
             {"spec.template.spec.containers[0]", "spec.template.spec.containers[1]"}},
        Case{"HowItEnds",
             R"({"spec": {"restartPolicy": "Always"}})",
             {"spec.template.spec.restartPolicy"}}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace penstock
