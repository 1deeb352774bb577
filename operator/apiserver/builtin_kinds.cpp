#include <nlohmann/json.hpp>

#include "operator/apiserver/builtin_types.h"
#include "operator/apiserver/kinds.h"

namespace penstock::apiserver {

namespace {

PrinterColumn text_column(std::string name, std::string description, int priority = 0) {
  return {std::move(name), "string", "", std::move(description), priority, ""};
}

PrinterColumn age() { return text_column("Age", "Time since the object was created."); }

KindDefinition core(std::string plural, std::string kind, std::string short_name) {
  KindDefinition definition;
  definition.version = "v1";
  definition.singular = plural.substr(0, plural.size() - 1);
  definition.plural = std::move(plural);
  definition.list_kind = kind + "List";
  definition.kind = std::move(kind);
  definition.strict_schema = true;
  if (!short_name.empty()) definition.short_names = {std::move(short_name)};
  definition.schema = std::make_shared<const Json>(builtin_schema(definition.kind));
  definition.columns = {age()};
  return definition;
}

KindDefinition pods() {
  KindDefinition kind = core("pods", "Pod", "po");
  kind.categories = {"all"};
  kind.has_status = true;
  kind.has_generation = true;
  kind.other_subresources = {"log", "resize", "exec", "portforward", "attach", "eviction"};
  kind.selectable = {"spec.nodeName", "status.phase", "spec.restartPolicy", "status.podIP"};
  kind.columns = {text_column("Ready", "Containers that are ready, of all."),
                  text_column("Status", "State of the containers in this pod."),
                  text_column("Restarts", "How often the containers have been restarted."),
                  age(),
                  text_column("IP", "IP address of the pod.", 1),
                  text_column("Node", "The node that the pod runs on.", 1),
                  text_column("Nominated Node", "Set only when the pod preempts others.", 1),
                  text_column("Readiness Gates", "Additional readiness conditions.", 1)};
  return kind;
}

KindDefinition nodes() {
  KindDefinition kind = core("nodes", "Node", "no");
  kind.namespaced = false;
  kind.has_status = true;
  kind.selectable = {"spec.unschedulable"};
  kind.columns = {text_column("Status", "Whether the node takes pods."),
                  text_column("Roles", "The roles of the node."),
                  age(),
                  text_column("Version", "Version of the kubelet."),
                  text_column("Internal-IP", "Address inside of the cluster.", 1),
                  text_column("External-IP", "Address outside of the cluster.", 1),
                  text_column("OS-Image", "Operating system.", 1),
                  text_column("Kernel-Version", "Kernel.", 1),
                  text_column("Container-Runtime", "What runs the containers.", 1)};
  return kind;
}

KindDefinition namespaces() {
  KindDefinition kind = core("namespaces", "Namespace", "ns");
  kind.namespaced = false;
  kind.has_status = true;
  kind.other_subresources = {"finalize"};
  kind.selectable = {"status.phase"};
  kind.columns = {text_column("Status", "The status of the namespace"), age()};
  return kind;
}

KindDefinition events(std::string group) {
  KindDefinition kind = core("events", "Event", "ev");
  kind.group = std::move(group);
  const std::string object = kind.group.empty() ? "involvedObject." : "regarding.";
  for (const char* field :
       {"kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"}) {
    kind.selectable.push_back(object + field);
  }
  for (const char* field : {"reason", "type", "reportingController"})
    kind.selectable.push_back(field);
  if (kind.group.empty())
    kind.selectable.insert(kind.selectable.end(), {"source", "reportingComponent"});
  kind.columns = {text_column("Last Seen", "When the event was seen last."),
                  text_column("Type", "Normal or Warning."),
                  text_column("Reason", "Why, for machines."),
                  text_column("Object", "What the event is about."),
                  text_column("Subobject", "Field of the object.", 1),
                  text_column("Source", "Who reported it.", 1),
                  text_column("Message", "What happened."),
                  text_column("First Seen", "When the event was seen first.", 1),
                  text_column("Count", "How often.", 1),
                  {"Name", "string", "name", "Name of the event.", 1, ""}};
  return kind;
}

KindDefinition secrets() {
  KindDefinition kind = core("secrets", "Secret", "");
  kind.selectable = {"type"};
  kind.columns = {text_column("Type", "Type of the secret."),
                  text_column("Data", "How many entries."), age()};
  return kind;
}

KindDefinition crds() {
  KindDefinition kind = core("customresourcedefinitions", "CustomResourceDefinition", "crd");
  kind.short_names = {"crd", "crds"};
  kind.group = "apiextensions.k8s.io";
  kind.namespaced = false;
  kind.has_status = true;
  kind.has_generation = true;
  kind.categories = {"api-extensions"};
  kind.columns = {{"Created At", "date", "", "When the definition was created.", 0, ""}};
  return kind;
}

KindDefinition services() {
  KindDefinition kind = core("services", "Service", "svc");
  kind.categories = {"all"};
  kind.has_status = true;
  kind.selectable = {"spec.clusterIP", "spec.type"};
  kind.columns = {text_column("Type", "How the service is reached."),
                  text_column("Cluster-IP", "Its address inside of the cluster."),
                  text_column("External-IP", "Addresses outside of the cluster."),
                  text_column("Port(s)", "Ports that it exposes."),
                  age(),
                  text_column("Selector", "Labels of the pods behind it.", 1)};
  return kind;
}

KindDefinition resource_quotas() {
  KindDefinition kind = core("resourcequotas", "ResourceQuota", "quota");
  kind.has_status = true;
  kind.columns = {text_column("Request", "What is requested, of what may be."),
                  text_column("Limit", "What limits add up to, of what they may."), age()};
  return kind;
}

KindDefinition pod_disruption_budgets() {
  KindDefinition kind = core("poddisruptionbudgets", "PodDisruptionBudget", "pdb");
  kind.group = "policy";
  kind.has_status = true;
  kind.has_generation = true;
  kind.columns = {text_column("Min Available", "How many pods must stay available."),
                  text_column("Max Unavailable", "How many pods may be unavailable."),
                  {"Allowed Disruptions", "integer", "", "Pods that may be evicted now.", 0, ""},
                  age()};
  return kind;
}

KindDefinition leases() {
  KindDefinition kind = core("leases", "Lease", "");
  kind.group = "coordination.k8s.io";
  kind.columns = {text_column("Holder", "Identity of the holder."), age()};
  return kind;
}

}  // namespace

std::vector<KindDefinition> builtin_kinds() {
  KindDefinition config_maps = core("configmaps", "ConfigMap", "cm");
  config_maps.columns = {text_column("Data", "How many entries."), age()};
  return {namespaces(),
          pods(),
          std::move(config_maps),
          secrets(),
          services(),
          resource_quotas(),
          events(""),
          nodes(),
          leases(),
          events("events.k8s.io"),
          pod_disruption_budgets(),
          crds()};
}

}  // namespace penstock::apiserver
