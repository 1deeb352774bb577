"""The chart without a cluster: what it renders is valid, least and whole; what is wrong is refused with words that help."""
import itertools
import json
import pathlib
import re
import tempfile
import unittest

import yaml

import chart_values
import kubernetes_schemas
from chart import (BIN, CHART, HELM, KUBECONFORM, KUBERNETES, LOADER, ROOT, declared_metrics, helm, metrics_in, one, pick, render, render_text,
                   run)

LABELS = {"team": "streams"}
MONITORING = {"serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}}, "podMonitor": {"enabled": True},
              "rules": {"enabled": True, "alertLabels": LABELS}, "dashboard": {"enabled": True, "annotations": {"grafana_folder": "Streaming"}}}
CERT_MANAGER = {"certManager": {"enabled": True}}
MATRIX = {
    "as it comes": {},
    "two namespaces": {"watchNamespaces": ["red", "blue"], "networkPolicy": {"enabled": True}, "monitoring": MONITORING},
    "namespaces by label": {"watchNamespaceLabels": {"team": "streams", "tier": "prod"}},
    "one replica": {"replicas": 1},
    "certificates of cert-manager": {"webhook": CERT_MANAGER},
    "certificates of an issuer": {"webhook": {"certManager": {"enabled": True, "issuerRef": {"name": "ours", "kind": "ClusterIssuer"}}}},
    "two namespaces, cert-manager": {"watchNamespaces": ["red", "blue"], "webhook": CERT_MANAGER},
    "KEDA's scaler": {"keda": {"enabled": True}, "networkPolicy": {"enabled": True}},
    "KEDA's scaler for some": {"keda": {"enabled": True, "port": 9900}, "listenAddress": "::", "networkPolicy": {
        "enabled": True, "kedaFrom": [{"namespaceSelector": {"matchLabels": LABELS}}]}},
    "no webhook": {"webhook": {"enabled": False}, "networkPolicy": {"enabled": True}},
    "rights and accounts of others": {"rbac": {"create": False, "aggregateToUserRoles": False}, "serviceAccount": {"create": False, "name": "ours"}},
    "everything watched": {"monitoring": MONITORING, "networkPolicy": {"enabled": True, "engineNamespaces": ["red"], "egressPorts": [6443],
                           "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}], "metricsFrom": [{"namespaceSelector": {"matchLabels": LABELS}}]}},
    "CRDs that go with the release": {"crds": {"keep": False}},
    "CRDs of others": {"crds": {"install": False}},
    "a Pod with everything": {
        "commonLabels": LABELS, "podLabels": {"a": "b"}, "podAnnotations": {"c": "d"}, "priorityClassName": "system-cluster-critical",
        "nameOverride": "streams", "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/penstock"}},
        "image": {"repository": "registry.example/penstock", "digest": "sha256:" + "0" * 64}, "imagePullSecrets": [{"name": "registry"}],
        "engine": {"image": "registry.example/engine:1"}, "checkpoints": {"uri": "s3://bucket/checkpoints"}, "logLevel": "debug",
        "listenAddress": "::", "env": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}], "webhook": {**CERT_MANAGER, "port": 10250},
        "volumes": [{"name": "checkpoints", "persistentVolumeClaim": {"claimName": "checkpoints"}}],
        "volumeMounts": [{"name": "checkpoints", "mountPath": "/checkpoints"}], "nodeSelector": {"pool": "system"},
        "tolerations": [{"key": "system", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [{"key": "gpu", "operator": "DoesNotExist"}]}]}}},
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}]},
}
# What no value of ours can refuse: it is given to Kubernetes as it is.
OPEN = {"global", "env", "volumes", "volumeMounts", "affinity.nodeAffinity", "affinity.podAffinity", "affinity.podAntiAffinity",
        "topologySpreadConstraints", "networkPolicy.egress.to", "networkPolicy.egress.ports", "networkPolicy.metricsFrom.namespaceSelector",
        "networkPolicy.metricsFrom.podSelector", "networkPolicy.metricsFrom.ipBlock", "networkPolicy.kedaFrom.namespaceSelector",
        "networkPolicy.kedaFrom.podSelector", "networkPolicy.kedaFrom.ipBlock"}
REFUSED = [  # values, what the answer must say
    ({"replicas": "two"}, "'/replicas': got string, want integer"),
    ({"replicas": 0}, "'/replicas': minimum: got 0, want 1"),
    ({"replcias": 3}, "additional properties 'replcias' not allowed"),
    ({"watchNamespaces": "red"}, "'/watchNamespaces': got string, want array"),
    ({"watchNamespaces": ["Red"]}, "'/watchNamespaces/0': 'Red' does not match pattern"),
    ({"watchNamespaces": ["red"], "watchNamespaceLabels": {"a": "b"}}, "set watchNamespaces or watchNamespaceLabels, not both"),
    ({"image": {"pulPolicy": "Always"}}, "'/image': additional properties 'pulPolicy' not allowed"),
    ({"image": {"pullPolicy": "Sometimes"}}, "'/image/pullPolicy': value must be one of 'Always', 'IfNotPresent', 'Never'"),
    ({"image": {"digest": "latest"}}, "'/image/digest': 'latest' does not match pattern"),
    ({"checkpoints": {"uri": "http://somewhere"}}, "'/checkpoints/uri': 'http://somewhere' does not match pattern"),
    ({"logLevel": "verbose"}, "'/logLevel': value must be one of 'debug', 'info', 'warning', 'error'"),
    ({"crds": {"install": "yes"}}, "'/crds/install': got string, want boolean"),
    ({"webhook": {"enabled": 1}}, "'/webhook/enabled': got number, want boolean"),
    ({"webhook": {"port": 443}}, "'/webhook/port': minimum: got 443, want 1,024"),
    ({"keda": {"port": 80}}, "'/keda/port': minimum: got 80, want 1,024"),
    ({"keda": {"enable": True}}, "'/keda': additional properties 'enable' not allowed"),
    ({"webhook": {"failurePolicy": "Ingore"}}, "'/webhook/failurePolicy': value must be one of 'Fail', 'Ignore'"),
    ({"webhook": {"certManager": {"issuerRef": {"kind": "Issuer"}}}}, "'/webhook/certManager/issuerRef'"),
    ({"resources": {"limits": {"memory": "lots"}}}, "'/resources/limits/memory': 'lots' does not match pattern"),
    ({"resources": {"limit": {"memory": "1Gi"}}}, "'/resources': additional properties 'limit' not allowed"),
    ({"monitoring": {"rules": {"lagFor": 15}}}, "'/monitoring/rules/lagFor': got number, want string"),
    ({"commonLabels": {"team": 7}}, "'/commonLabels/team': got number, want string"),
    ({"networkPolicy": {"egressPorts": []}}, "'/networkPolicy/egressPorts': minItems: got 0, want 1"),
    ({"env": [{"value": "x"}]}, "'/env/0': missing property 'name'"),
]
RIGHTS = {  # resource: verbs, where jobs are
    **dict.fromkeys(("penstock.dev/streamjobs", "penstock.dev/scalingpolicies"), {"get", "list", "watch", "update", "patch"}),
    "penstock.dev/jobsnapshots": {"get", "list", "watch", "create", "update", "patch", "delete"},
    **dict.fromkeys([f"penstock.dev/{kind}/status" for kind in ("streamjobs", "scalingpolicies", "jobsnapshots")], {"update", "patch"}),
    **dict.fromkeys([f"penstock.dev/{kind}/finalizers" for kind in ("streamjobs", "scalingpolicies", "jobsnapshots")], {"update"}),
    **dict.fromkeys(("/pods", "/configmaps", "policy/poddisruptionbudgets"), {"get", "list", "watch", "create", "delete"}),
    "/pods/resize": {"update", "patch"}, "/secrets": {"create", "delete"}, "/resourcequotas": {"get", "list", "watch"},
    "events.k8s.io/events": {"create", "patch"},
}


def kubeconform(text):
    where = f"{kubernetes_schemas.folder()}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    return run(KUBECONFORM, "-strict", "-summary", "-schema-location", where, text=text)


def rights(role):
    found = {}
    for rule in role["rules"]:
        for group, resource in itertools.product(rule["apiGroups"], rule["resources"]):
            found.setdefault(f"{group}/{resource}", set()).update(rule["verbs"])
    return found


def operator_args(objects):
    return one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"]


def selects(selector, labels):
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    return wanted and all(each["operator"] == "Exists" and each["key"] in labels for each in selector.get("matchExpressions", []))


class Valid(unittest.TestCase):
    def test_lint_says_nothing_of_any_values(self):
        for name, values in MATRIX.items():
            with self.subTest(name):
                code, out, problem = helm("lint", CHART, "--strict", "--kube-version", KUBERNETES, values=values)
                self.assertEqual(code, 0, out + problem)
                self.assertNotIn("WARNING", out)

    def test_kubernetes_knows_every_object_and_field(self):
        for name, values in MATRIX.items():
            with self.subTest(name):
                code, out, problem = kubeconform(render_text(values))
                self.assertEqual(code, 0, out + problem)
                self.assertIn("Skipped: 0", out)

    def test_the_schemas_refuse_what_is_misspelt(self):
        text = render_text()
        for right, wrong in (("maxUnavailable: 0", "maxUnavailabel: 0"), ("unhealthyPodEvictionPolicy", "unhealthyPodPolicy"),
                             ("failurePolicy: Fail", "failurePolicy: 7"), ("automountServiceAccountToken", "automountToken")):
            with self.subTest(wrong):
                self.assertIn(right, text)
                self.assertNotEqual(kubeconform(text.replace(right, wrong))[0], 0)

    def test_the_samples_fit_the_crds(self):
        samples = list((ROOT / "crds/samples").glob("*.yaml"))
        text = "\n---\n".join(path.read_text() for path in samples)
        code, out, problem = kubeconform(text)
        self.assertEqual(code, 0, out + problem)
        self.assertNotEqual(kubeconform(text.replace("checkpoints:", "chekpoints:"))[0], 0)

    def test_the_scaler_is_called_by_the_name_that_its_certificate_has(self):
        objects = render({"keda": {"enabled": True, "port": 9900}, "networkPolicy": {"enabled": True}})
        service = [each for each in objects if each["kind"] == "Service" and each["metadata"]["name"].endswith("-keda")]
        self.assertEqual(len(service), 1)
        port = service[0]["spec"]["ports"][0]
        args = operator_args(objects)
        self.assertEqual(args[args.index("--keda") + 1], "0.0.0.0:9900")
        self.assertEqual(args[args.index("--keda-service") + 1], service[0]["metadata"]["name"])
        container = one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]
        self.assertIn({"name": port["targetPort"], "containerPort": port["port"]}, container["ports"])
        self.assertNotIn("--keda", operator_args(render()))

    def test_names_stay_short_for_the_longest_release(self):
        for each in render({"watchNamespaces": ["n" * 63], "monitoring": MONITORING, "networkPolicy": {"enabled": True}}, release="r" * 53, namespace="m" * 63):
            limit = 253 if "namespace" not in each["metadata"] else 63
            self.assertLessEqual(len(each["metadata"]["name"]), limit, each["kind"])

    def test_a_package_renders_as_the_folder_does(self):
        with tempfile.TemporaryDirectory() as place:
            code, _, problem = run(HELM, "package", CHART, "--destination", place)
            self.assertEqual(code, 0, problem)
            (package,) = pathlib.Path(place).iterdir()
            self.assertEqual(render_text(chart=package), render_text())

    def test_it_works_below_another_chart(self):
        render({"global": {"imageRegistry": "somewhere"}})


class Refused(unittest.TestCase):
    def test_wrong_values_are_named(self):
        for values, words in REFUSED:
            with self.subTest(json.dumps(values)):
                code, _, problem = helm("template", "penstock", CHART, "--kube-version", KUBERNETES, values=values)
                self.assertNotEqual(code, 0)
                self.assertIn(words, problem)

    def test_an_older_kubernetes_is_named(self):
        code, _, problem = helm("template", "penstock", CHART, "--kube-version", "1.29.0")
        self.assertNotEqual(code, 0)
        self.assertIn("chart requires kubeVersion: >=1.30.0-0", problem)
        self.assertEqual(helm("template", "penstock", CHART, "--kube-version", "v1.30.2-gke.1")[0], 0)

    def test_the_schema_leaves_nothing_open(self):
        def look(schema, path):
            if schema.get("type") == "object":
                closed = schema.get("additionalProperties")
                self.assertIn("additionalProperties", schema, path)
                self.assertEqual(closed is True, path in OPEN, path)
            for name, below in schema.get("properties", {}).items():
                look(below, f"{path}.{name}".lstrip("."))
            if "items" in schema:
                look(schema["items"], path)

        look(json.loads((CHART / "values.schema.json").read_text()), "")

    def test_every_value_is_explained_and_known_to_the_schema(self):
        described = list(chart_values.described())
        self.assertGreater(len(described), 50)
        for path, _, comment in described:
            self.assertTrue(comment, f"values.yaml says nothing about {path}")

        def paths(schema, values, path=""):
            for name, below in schema.get("properties", {}).items():
                if name != "global":
                    self.assertIn(name, values, f"values.yaml does not name {path}{name}")
                    if isinstance(values[name], dict) and values[name]:
                        paths(below, values[name], f"{path}{name}.")

        values = yaml.load((CHART / "values.yaml").read_text(), LOADER)
        schema = json.loads((CHART / "values.schema.json").read_text())
        del schema["properties"]["resources"]  # amounts that are set, and not all that can be
        paths(schema, values)

    def test_the_readme_has_the_values(self):
        readme = (CHART / "README.md").read_text()
        self.assertEqual(readme, chart_values.with_table(readme), "run ./dev generate")


class Crds(unittest.TestCase):
    def test_they_are_the_committed_ones(self):
        for keep in (True, False):
            rendered = pick(render({"crds": {"keep": keep}}), "CustomResourceDefinition")
            self.assertEqual(len(rendered), len(list((ROOT / "crds").glob("*.yaml"))))
            for each in rendered:
                plural = each["metadata"]["name"].removesuffix(".penstock.dev")
                committed = yaml.load((ROOT / f"crds/{plural}.yaml").read_text(), LOADER)
                self.assertEqual(each["spec"], committed["spec"])
                self.assertEqual(each["metadata"].get("annotations"), {"helm.sh/resource-policy": "keep"} if keep else None)
                self.assertEqual(each["metadata"]["labels"]["app.kubernetes.io/name"], "penstock")

    def test_the_copies_are_exact(self):
        for path in (ROOT / "crds").glob("*.yaml"):
            self.assertEqual((CHART / "files/crds" / path.name).read_text(), path.read_text(), "run ./dev generate")
        self.assertEqual({path.name for path in (CHART / "files/crds").iterdir()}, {path.name for path in (ROOT / "crds").glob("*.yaml")})

    def test_they_are_left_out_on_demand(self):
        self.assertEqual(pick(render({"crds": {"install": False}}), "CustomResourceDefinition"), [])


class Rights(unittest.TestCase):
    def test_no_wildcard_anywhere(self):
        for name, values in MATRIX.items():
            for role in [each for each in render(values) if each["kind"] in ("Role", "ClusterRole")]:
                for rule in role["rules"]:
                    for words in rule.values():
                        self.assertFalse([word for word in words if "*" in word], f"{name}: {role['metadata']['name']}")

    def test_where_jobs_are_it_has_the_rights_of_the_table(self):
        cluster_wide = one(render(), "ClusterRole", "penstock")
        self.assertEqual(rights(cluster_wide), {**RIGHTS, "/nodes": {"get", "list", "watch"}})
        by_label = one(render(MATRIX["namespaces by label"]), "ClusterRole", "penstock-system-penstock")
        self.assertEqual(rights(by_label), {**RIGHTS, "/nodes": {"get", "list", "watch"}, "/namespaces": {"get", "list", "watch"}})
        objects = render({"watchNamespaces": ["red", "blue"]})
        for space in ("red", "blue"):
            (role,) = [each for each in pick(objects, "Role") if each["metadata"]["namespace"] == space]
            self.assertEqual(rights(role), RIGHTS)
            (binding,) = [each for each in pick(objects, "RoleBinding") if each["metadata"]["namespace"] == space]
            self.assertEqual(binding["subjects"], [{"kind": "ServiceAccount", "name": "penstock", "namespace": "penstock-system"}])
            self.assertEqual(binding["roleRef"]["name"], role["metadata"]["name"])

    def test_in_its_own_namespace_it_reads_two_secrets_and_one_lease(self):
        role = one(render({"certificateAuthority": {"secretName": "ca"}}), "Role", "penstock-installation")
        rules = {(rule["resources"][0], *rule.get("resourceNames", [])): set(rule["verbs"]) for rule in role["rules"]}
        self.assertEqual(rules, {("leases",): {"create"}, ("leases", "penstock-operator"): {"get", "update"},
                                 ("secrets",): {"create"}, ("secrets", "ca", "penstock-webhook"): {"get", "update"}})

    def test_an_installation_of_namespaces_has_one_right_outside_them(self):
        def outside(values):
            hook = "helm.sh/hook"
            return [each for each in pick(render({"watchNamespaces": ["red"], "rbac": {"aggregateToUserRoles": False}, **values}), "ClusterRole")
                    if hook not in each["metadata"].get("annotations", {})]

        (role,) = outside({})
        configuration = "penstock-system-penstock"
        self.assertEqual(role["rules"], [{"apiGroups": ["admissionregistration.k8s.io"], "resources": ["validatingwebhookconfigurations"],
                                          "resourceNames": [configuration], "verbs": ["get", "patch"]}])
        self.assertEqual(one(render({"watchNamespaces": ["red"]}), "ValidatingWebhookConfiguration")["metadata"]["name"], configuration)
        for values in ({"webhook": {"enabled": False}}, {"webhook": CERT_MANAGER}):
            self.assertEqual(outside(values), [])

    def test_every_binding_names_a_role_and_an_account_that_are_there(self):
        for name, values in MATRIX.items():
            objects = render(values)
            accounts = {(each["metadata"]["namespace"], each["metadata"]["name"]) for each in pick(objects, "ServiceAccount")}
            for binding in pick(objects, "ClusterRoleBinding") + pick(objects, "RoleBinding"):
                with self.subTest(name, binding=binding["metadata"]["name"]):
                    found = [each for each in pick(objects, binding["roleRef"]["kind"], binding["roleRef"]["name"])
                             if each["metadata"].get("namespace") == binding["metadata"].get("namespace")]
                    self.assertEqual(len(found), 1)
                    self.assertIn((binding["subjects"][0]["namespace"], binding["subjects"][0]["name"]), accounts)

    def test_users_get_jobs_by_the_roles_they_have(self):
        objects = render()
        view, edit = one(objects, "ClusterRole", "penstock-view"), one(objects, "ClusterRole", "penstock-edit")
        aggregated = "rbac.authorization.k8s.io/aggregate-to-"
        self.assertTrue(all(view["metadata"]["labels"].get(aggregated + role) == "true" for role in ("view", "edit", "admin")))
        self.assertNotIn(aggregated + "view", edit["metadata"]["labels"])
        self.assertEqual(set().union(*rights(view).values()), {"get", "list", "watch"})
        self.assertEqual(rights(edit)["penstock.dev/streamjobs/scale"], {"update", "patch"})
        self.assertNotIn("penstock.dev/streamjobs/status", rights(edit))


class Deployment(unittest.TestCase):
    def test_every_option_is_known_to_the_operator(self):
        code, usage, problem = run(BIN / "penstock-operator", "run", "--help")
        self.assertEqual(code, 0, problem)
        known = set(re.findall(r"--[a-z-]+", usage))
        for name, values in MATRIX.items():
            args = operator_args(render(values))
            self.assertEqual(args[0], "run")
            self.assertEqual({arg for arg in args if arg.startswith("--")} - known, set(), f"{name}: options that the operator does not have")

    def test_options_follow_the_values(self):
        def option(values, name):
            args = operator_args(render(values))
            return args[args.index(name) + 1] if name in args else None

        self.assertIn("--leader-elect", operator_args(render({"replicas": 1})))
        self.assertEqual(option({"watchNamespaces": ["red", "blue"]}, "--namespaces"), "red,blue")
        self.assertEqual(option({}, "--namespaces"), None)
        self.assertEqual(option({"watchNamespaceLabels": {"tier": "prod", "team": "streams"}}, "--namespace-selector"), "team=streams,tier=prod")
        self.assertEqual(option({}, "--namespace-selector"), None)
        self.assertEqual(option({}, "--lease-namespace"), "penstock-system")
        self.assertEqual(option({}, "--engine-image"), "penstock:0.1.0")
        self.assertEqual(option({"image": {"digest": "sha256:" + "0" * 64}}, "--engine-image"), "penstock@sha256:" + "0" * 64)
        self.assertEqual(option({"engine": {"image": "e:1"}}, "--engine-image"), "e:1")
        self.assertEqual(option({}, "--checkpoints"), None)
        self.assertEqual(option({"checkpoints": {"uri": "s3://b/c"}}, "--checkpoints"), "s3://b/c")
        self.assertEqual(option({"listenAddress": "::"}, "--http"), ":::8080")
        self.assertEqual(option({}, "--webhook"), "0.0.0.0:9443")
        self.assertEqual(option({}, "--webhook-service"), "penstock-webhook")
        self.assertEqual(option({}, "--webhook-certificates"), None)
        self.assertEqual(option({"webhook": CERT_MANAGER}, "--webhook-certificates"), "/etc/penstock-webhook")
        self.assertEqual(option({"webhook": CERT_MANAGER}, "--webhook-configuration"), None)
        self.assertEqual(option({"webhook": {"enabled": False}}, "--webhook"), None)

    def test_the_version_is_the_programs(self):
        facts = yaml.load((CHART / "Chart.yaml").read_text(), LOADER)
        version = re.search(r"project\(penstock VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
        self.assertEqual(str(facts["appVersion"]), version)

    def test_pods_keep_to_the_restricted_standard(self):
        for name, values in MATRIX.items():
            objects = render(values)
            for pod in (one(objects, "Deployment")["spec"]["template"]["spec"], one(objects, "Pod")["spec"]):
                self.assertEqual(pod["securityContext"], {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}, name)
                self.assertFalse({"hostNetwork", "hostPID", "hostIPC"} & pod.keys())
                self.assertFalse([volume for volume in pod.get("volumes", []) if "hostPath" in volume])
                for container in pod["containers"]:
                    self.assertEqual(container["securityContext"], {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                                                    "capabilities": {"drop": ["ALL"]}}, name)
                    self.assertTrue(container["resources"]["limits"]["memory"])

    def test_a_budget_only_where_a_pod_can_be_spared(self):
        self.assertEqual(pick(render({"replicas": 1}), "PodDisruptionBudget"), [])
        self.assertEqual(pick(render({"podDisruptionBudget": {"enabled": False}}), "PodDisruptionBudget"), [])
        self.assertEqual(one(render({"replicas": 3}), "PodDisruptionBudget")["spec"]["maxUnavailable"], 1)

    def test_everything_that_selects_the_operator_finds_it_alone(self):
        for name, values in MATRIX.items():
            objects = render(values)
            labels = one(objects, "Deployment")["spec"]["template"]["metadata"]["labels"]
            of_test = one(objects, "Pod")["metadata"]["labels"]
            selectors = [{"matchLabels": each["spec"]["selector"]} for each in pick(objects, "Service")]
            selectors += [each["spec"]["selector"] for each in pick(objects, "Deployment") + pick(objects, "PodDisruptionBudget")]
            selectors += [each["spec"]["podSelector"] for each in pick(objects, "NetworkPolicy") if not each["metadata"]["name"].endswith("-engines")]
            for selector in selectors:
                self.assertTrue(selects(selector, labels), f"{name}: {selector} does not find {labels}")
                self.assertFalse(selects(selector, of_test), f"{name}: {selector} finds the test's Pod")

    def test_named_ports_are_there(self):
        for name, values in MATRIX.items():
            objects = render(values)
            (container,) = one(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
            ports = {port["name"]: port["containerPort"] for port in container["ports"]}
            wanted = {port["targetPort"] for service in pick(objects, "Service") for port in service["spec"]["ports"]}
            self.assertEqual(wanted, set(ports), name)
            self.assertEqual(ports.get("webhook", 0), values.get("webhook", {}).get("port", 9443) if "webhook" in ports else 0)


class Webhook(unittest.TestCase):
    def test_it_asks_for_changes_of_spec_and_fails_closed(self):
        objects = render()
        (hook,) = one(objects, "ValidatingWebhookConfiguration", "penstock")["webhooks"]
        self.assertEqual((hook["failurePolicy"], hook["timeoutSeconds"], hook["matchPolicy"], hook["sideEffects"]), ("Fail", 5, "Equivalent", "None"))
        self.assertEqual(hook["rules"], [{"apiGroups": ["penstock.dev"], "apiVersions": ["v1alpha1"], "operations": ["CREATE", "UPDATE"],
                                          "resources": ["streamjobs", "scalingpolicies", "jobsnapshots"], "scope": "Namespaced"}])
        service = hook["clientConfig"]["service"]
        self.assertEqual(one(objects, "Service", service["name"])["spec"]["ports"][0]["port"], service["port"])
        self.assertNotIn("caBundle", hook["clientConfig"])
        self.assertNotIn("namespaceSelector", hook)

    def test_an_installation_of_namespaces_refuses_nothing_elsewhere(self):
        (hook,) = one(render({"watchNamespaces": ["red", "blue"]}), "ValidatingWebhookConfiguration")["webhooks"]
        self.assertEqual(hook["namespaceSelector"], {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["red", "blue"]}]})
        (hook,) = one(render(MATRIX["namespaces by label"]), "ValidatingWebhookConfiguration")["webhooks"]
        self.assertEqual(hook["namespaceSelector"], {"matchLabels": {"team": "streams", "tier": "prod"}})

    def test_cert_manager_writes_and_injects_the_certificate(self):
        objects = render({"webhook": CERT_MANAGER})
        configuration, certificate = one(objects, "ValidatingWebhookConfiguration"), one(objects, "Certificate")
        self.assertEqual(configuration["metadata"]["annotations"]["cert-manager.io/inject-ca-from"],
                         f"penstock-system/{certificate['metadata']['name']}")
        self.assertEqual(certificate["spec"]["dnsNames"], ["penstock-webhook.penstock-system.svc"])
        self.assertEqual(certificate["spec"]["issuerRef"]["name"], one(objects, "Issuer")["metadata"]["name"])
        pod = one(objects, "Deployment")["spec"]["template"]["spec"]
        self.assertEqual(pod["volumes"][0]["secret"]["secretName"], certificate["spec"]["secretName"])
        issued = render(MATRIX["certificates of an issuer"])
        self.assertEqual(pick(issued, "Issuer"), [])
        self.assertEqual(one(issued, "Certificate")["spec"]["issuerRef"], {"name": "ours", "kind": "ClusterIssuer", "group": "cert-manager.io"})


class Network(unittest.TestCase):
    def test_only_the_operator_reaches_the_control_port_of_jobs(self):
        objects = render(MATRIX["two namespaces"])
        operator = one(objects, "Deployment")["spec"]["template"]["metadata"]["labels"]
        for space in ("red", "blue"):
            (policy,) = [each for each in pick(objects, "NetworkPolicy") if each["metadata"]["namespace"] == space]
            (rule,) = [rule for rule in policy["spec"]["ingress"] if rule["ports"][0]["port"] == 7070]
            (peer,) = rule["from"]
            self.assertEqual(peer["namespaceSelector"]["matchLabels"], {"kubernetes.io/metadata.name": "penstock-system"})
            self.assertTrue(selects(peer["podSelector"], operator))

    def test_the_selector_of_jobs_is_what_the_operator_labels_them_with(self):
        selector = one(render(MATRIX["everything watched"]), "PodMonitor")["spec"]["selector"]
        names, meta = (ROOT / "controllers/desired/names.h").read_text(), (ROOT / "controllers/api/meta.h").read_text()
        keys = {key: re.search(rf'{key} = "([^"]+)"', names)[1] for key in ("kJobLabel", "kManagedByLabel")}
        manager = re.search(r'kManager = "([^"]+)"', meta)[1]
        self.assertTrue(selects(selector, {keys["kJobLabel"]: "hello", keys["kManagedByLabel"]: manager}))
        ports = (ROOT / "controllers/desired/installation.h").read_text()
        self.assertIn("control_port = 7070", ports)
        self.assertIn("http_port = 8080", ports)


class Monitoring(unittest.TestCase):
    objects = None

    @classmethod
    def setUpClass(cls):
        cls.objects = render(MATRIX["everything watched"])
        kinds = declared_metrics()
        cls.known = set(kinds) | {name + end for name, kind in kinds.items() if kind == "histogram" for end in ("_bucket", "_sum", "_count")}

    def test_the_monitor_finds_the_metrics_service_alone(self):
        monitor = one(self.objects, "ServiceMonitor")
        found = [each["metadata"]["name"] for each in pick(self.objects, "Service") if selects(monitor["spec"]["selector"], each["metadata"]["labels"])]
        self.assertEqual(found, ["penstock-metrics"])
        self.assertEqual(monitor["metadata"]["labels"]["release"], "prometheus")

    def test_alerts_read_metrics_that_exist_and_say_what_to_do(self):
        groups = one(self.objects, "PrometheusRule")["spec"]["groups"]
        alerts = [rule for group in groups for rule in group["rules"]]
        self.assertGreaterEqual(len(alerts), 10)
        self.assertEqual(len({rule["alert"] for rule in alerts}), len(alerts))
        for rule in alerts:
            with self.subTest(rule["alert"]):
                read = metrics_in(rule["expr"])
                self.assertTrue(read)
                self.assertEqual(read - self.known, set())
                self.assertIn(rule["labels"]["severity"], ("critical", "warning", "info"))
                self.assertEqual(rule["labels"]["team"], "streams")
                self.assertEqual(rule["annotations"].keys(), {"summary", "description", "runbook"})
        self.assertNotRegex(json.dumps(groups), "__[A-Z_]+__")
        self.assertIn('namespace="penstock-system"', json.dumps(groups).replace('\\"', '"'))

    def test_an_alert_on_a_metric_that_is_not_there_would_be_seen(self):
        self.assertEqual(metrics_in('sum by (name) (rate(penstock_no_such_total{name=~"a.b"}[5m] offset 1h)) > 0 and on (name) up == 1'),
                         {"penstock_no_such_total", "up"})
        self.assertNotIn("penstock_no_such_total", self.known)

    def test_the_dashboard_reads_metrics_that_exist(self):
        config = one(self.objects, "ConfigMap", "penstock-dashboard")
        self.assertEqual(config["metadata"]["labels"]["grafana_dashboard"], "1")
        dashboard = json.loads(config["data"]["penstock.json"])
        panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
        self.assertGreater(len(panels), 10)
        self.assertEqual(len({panel["id"] for panel in dashboard["panels"]}), len(dashboard["panels"]))
        for panel in panels:
            for target in panel["targets"]:
                read = metrics_in(target["expr"])
                self.assertTrue(read, panel["title"])
                self.assertEqual(read - self.known, set(), panel["title"])
        for variable in dashboard["templating"]["list"][1:]:
            self.assertIn(re.match(r"label_values\((\w+)", variable["query"]["query"])[1], self.known)


class Notes(unittest.TestCase):
    def notes(self, values):
        """NOTES.txt as it would be printed: helm template leaves it out, so a copy of the chart renders it into an object."""
        with tempfile.TemporaryDirectory() as place:
            copy = pathlib.Path(place) / "penstock"
            run("/bin/cp", "-r", CHART, copy)
            (copy / "templates/notes.yaml").write_text('notes: |\n{{ include (print $.Template.BasePath "/NOTES.txt") . | indent 2 }}\n')
            text = render_text(values, chart=copy, more=["--show-only", "templates/notes.yaml"])
            return yaml.load(text, LOADER)["notes"]

    def test_the_job_in_them_is_right(self):
        for values, space in (({}, "default"), ({"watchNamespaces": ["red", "blue"]}, "red")):
            notes = self.notes(values)
            manifest = re.search(r"<<'EOF'.*?\n(.*?)\nEOF\n", notes, re.DOTALL)[1]
            with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                file.write(manifest)
                file.flush()
                code, out, problem = run(BIN / "penstock", "validate", file.name)
            self.assertEqual(code, 0, out + problem)
            self.assertEqual(len(re.findall(rf"^kubectl .*-n {space} ", notes, re.MULTILINE)), 3)

    def test_they_are_a_script_that_a_shell_can_read(self):
        commands = "\n".join(re.findall(r"^(?:kubectl .*<<'EOF'.*?\nEOF|kubectl [^\n]*)$", self.notes({}), re.MULTILINE | re.DOTALL))
        self.assertEqual(commands.count("kubectl "), 5)
        code, _, problem = run("/bin/bash", "-n", "-c", commands)
        self.assertEqual(code, 0, problem)

    def test_they_tell_what_is_missing(self):
        self.assertIn("checkpoints.uri is empty", self.notes({}))
        self.assertNotIn("checkpoints.uri is empty", self.notes({"checkpoints": {"uri": "/shared"}}))
        self.assertIn("The webhook is off", self.notes({"webhook": {"enabled": False}}))
        self.assertIn("needs the rights", self.notes({"rbac": {"create": False}}))


if __name__ == "__main__":
    unittest.main()
