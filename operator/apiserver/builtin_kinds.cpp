#include <nlohmann/json.hpp>

#include "operator/apiserver/kinds.h"

namespace penstock::apiserver {

namespace {

// Schemas of built-in types: what explain shows, and the list keys that apply merges by. They do
// not prune; what they leave out is kept.
constexpr std::string_view kPod = R"json({
  "type": "object",
  "description": "Pod is a collection of containers that can run on a host.",
  "properties": {
    "spec": {"type": "object", "description": "Specification of the desired behavior of the pod.",
      "required": ["containers"],
      "properties": {
        "containers": {"type": "array", "description": "List of containers belonging to the pod.",
          "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
          "items": {"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string", "description": "Name of the container, unique in the pod."},
            "image": {"type": "string", "description": "Container image name."},
            "command": {"type": "array", "items": {"type": "string"}, "description": "Entrypoint array."},
            "args": {"type": "array", "items": {"type": "string"}, "description": "Arguments to the entrypoint."},
            "workingDir": {"type": "string", "description": "Container's working directory."},
            "env": {"type": "array", "description": "Environment variables to set in the container.",
              "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
              "items": {"type": "object", "required": ["name"], "x-kubernetes-preserve-unknown-fields": true,
                "properties": {"name": {"type": "string"}, "value": {"type": "string"}}}},
            "ports": {"type": "array", "description": "Ports to expose from the container.",
              "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            "resources": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
              "description": "Compute resources required by this container."},
            "readinessProbe": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
              "description": "Periodic probe of container service readiness."},
            "volumeMounts": {"type": "array", "description": "Volumes to mount into the container.",
              "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["mountPath"],
              "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}},
        "volumes": {"type": "array", "description": "Volumes that containers of the pod can mount.",
          "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
          "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
        "nodeName": {"type": "string", "description": "The node that the pod runs on."},
        "restartPolicy": {"type": "string", "description": "Always, OnFailure or Never."},
        "terminationGracePeriodSeconds": {"type": "integer", "format": "int64",
          "description": "Seconds between the termination signal and the kill."}}},
    "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
      "description": "Most recently observed status of the pod.",
      "properties": {
        "phase": {"type": "string", "description": "Pending, Running, Succeeded, Failed or Unknown."},
        "podIP": {"type": "string", "description": "IP address of the pod."},
        "conditions": {"type": "array", "description": "Current service state of the pod.",
          "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
          "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}}})json";

constexpr std::string_view kConfigMap = R"json({
  "type": "object", "description": "ConfigMap holds configuration data for pods to consume.",
  "properties": {
    "data": {"type": "object", "additionalProperties": {"type": "string"},
      "description": "Data contains the configuration data."},
    "binaryData": {"type": "object", "additionalProperties": {"type": "string"},
      "description": "BinaryData contains the binary data, base64 encoded."},
    "immutable": {"type": "boolean", "description": "If true, the data cannot be updated."}}})json";

constexpr std::string_view kSecret = R"json({
  "type": "object", "description": "Secret holds secret data of a certain type.",
  "properties": {
    "data": {"type": "object", "additionalProperties": {"type": "string"},
      "description": "Data contains the secret data, base64 encoded."},
    "stringData": {"type": "object", "additionalProperties": {"type": "string"},
      "description": "Write-only secret data in plain text."},
    "type": {"type": "string", "description": "Used to facilitate programmatic handling."},
    "immutable": {"type": "boolean", "description": "If true, the data cannot be updated."}}})json";

constexpr std::string_view kNamespace = R"json({
  "type": "object", "description": "Namespace provides a scope for Names.",
  "properties": {
    "spec": {"type": "object", "description": "Behavior of the Namespace.", "properties": {
      "finalizers": {"type": "array", "x-kubernetes-list-type": "atomic", "items": {"type": "string"}}}},
    "status": {"type": "object", "description": "Current status of the Namespace.", "properties": {
      "phase": {"type": "string", "description": "Active or Terminating."}}}}})json";

constexpr std::string_view kNode = R"json({
  "type": "object", "description": "Node is a worker node.",
  "properties": {
    "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
      "description": "Behavior of a node.", "properties": {
        "unschedulable": {"type": "boolean", "description": "No new pods are scheduled here."},
        "taints": {"type": "array", "x-kubernetes-list-type": "atomic",
          "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}},
    "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
      "description": "Most recently observed status of the node.", "properties": {
        "conditions": {"type": "array", "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["type"],
          "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}}})json";

constexpr std::string_view kLease = R"json({
  "type": "object", "description": "Lease defines a lease concept.",
  "properties": {"spec": {"type": "object", "description": "Specification of the Lease.", "properties": {
    "holderIdentity": {"type": "string", "description": "The holder of the lease."},
    "leaseDurationSeconds": {"type": "integer", "format": "int32"},
    "acquireTime": {"type": "string"}, "renewTime": {"type": "string"},
    "leaseTransitions": {"type": "integer", "format": "int32"}}}}})json";

constexpr std::string_view kEvent = R"json({
  "type": "object", "description": "Event is a report of an event somewhere in the cluster.",
  "x-kubernetes-preserve-unknown-fields": true,
  "properties": {
    "reason": {"type": "string", "description": "Why the event was reported, for machines."},
    "message": {"type": "string", "description": "What happened, for people."},
    "note": {"type": "string", "description": "What happened, for people."},
    "type": {"type": "string", "description": "Normal or Warning."},
    "count": {"type": "integer", "format": "int32"},
    "involvedObject": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
      "description": "The object that this event is about."},
    "regarding": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
      "description": "The object that this event is about."}}})json";

constexpr std::string_view kCrd = R"json({
  "type": "object", "description": "CustomResourceDefinition represents a resource on the API server.",
  "properties": {
    "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
      "description": "How the user wants the resources to appear."},
    "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
      "description": "Actual state of the CustomResourceDefinition."}}})json";

PrinterColumn text_column(std::string name, std::string description, int priority = 0) {
  return {std::move(name), "string", "", std::move(description), priority, ""};
}

PrinterColumn age() { return text_column("Age", "Time since the object was created."); }

KindDefinition core(std::string plural, std::string kind, std::string short_name,
                    std::string_view schema) {
  KindDefinition definition;
  definition.version = "v1";
  definition.singular = plural.substr(0, plural.size() - 1);
  definition.plural = std::move(plural);
  definition.list_kind = kind + "List";
  definition.kind = std::move(kind);
  if (!short_name.empty()) definition.short_names = {std::move(short_name)};
  definition.schema = std::make_shared<const Json>(Json::parse(schema));
  definition.columns = {age()};
  return definition;
}

KindDefinition pods() {
  KindDefinition kind = core("pods", "Pod", "po", kPod);
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
  KindDefinition kind = core("nodes", "Node", "no", kNode);
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
  KindDefinition kind = core("namespaces", "Namespace", "ns", kNamespace);
  kind.namespaced = false;
  kind.has_status = true;
  kind.other_subresources = {"finalize"};
  kind.selectable = {"status.phase"};
  kind.columns = {text_column("Status", "The status of the namespace"), age()};
  return kind;
}

KindDefinition events(std::string group) {
  KindDefinition kind = core("events", "Event", "ev", kEvent);
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
  KindDefinition kind = core("secrets", "Secret", "", kSecret);
  kind.selectable = {"type"};
  kind.columns = {text_column("Type", "Type of the secret."),
                  text_column("Data", "How many entries."), age()};
  return kind;
}

KindDefinition crds() {
  KindDefinition kind = core("customresourcedefinitions", "CustomResourceDefinition", "crd", kCrd);
  kind.short_names = {"crd", "crds"};
  kind.group = "apiextensions.k8s.io";
  kind.namespaced = false;
  kind.has_status = true;
  kind.has_generation = true;
  kind.categories = {"api-extensions"};
  kind.columns = {{"Created At", "date", "", "When the definition was created.", 0, ""}};
  return kind;
}

KindDefinition leases() {
  KindDefinition kind = core("leases", "Lease", "", kLease);
  kind.group = "coordination.k8s.io";
  kind.columns = {text_column("Holder", "Identity of the holder."), age()};
  return kind;
}

}  // namespace

std::vector<KindDefinition> builtin_kinds() {
  KindDefinition config_maps = core("configmaps", "ConfigMap", "cm", kConfigMap);
  config_maps.columns = {text_column("Data", "How many entries."), age()};
  return {namespaces(), pods(),   std::move(config_maps),  secrets(), events(""),
          nodes(),      leases(), events("events.k8s.io"), crds()};
}

}  // namespace penstock::apiserver
