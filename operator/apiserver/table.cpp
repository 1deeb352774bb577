#include "operator/apiserver/table.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "operator/apiserver/json_path.h"
#include "operator/apiserver/time_text.h"

namespace penstock::apiserver {

namespace {

constexpr std::string_view kNameDescription =
    "Name must be unique within a namespace. Is required when creating resources, although some "
    "resources may "
    "allow a client to request the generation of an appropriate name automatically. Name is "
    "primarily intended "
    "for creation idempotence and configuration definition. Cannot be updated. More info: "
    "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";

std::string or_none(const std::string& text) { return text.empty() ? "<none>" : text; }

std::string age_since(const std::string& timestamp, Millis now) {
  if (timestamp.empty()) return "<unknown>";
  return human_age(now - from_timestamp(timestamp));
}

std::string age_of(const Json& object, Millis now) {
  return age_since(text_at(object, ".metadata.creationTimestamp"), now);
}

std::size_t entries(const Json& object, std::string_view path) {
  const Json* value = find_path(object, path);
  return value == nullptr ? 0 : value->size();
}

std::string condition_status(const Json& object, const std::string& type) {
  return text_at(object, ".status.conditions[?(@.type=='" + type + "')].status");
}

// What a container waits for or died of, else the phase.
std::string pod_status(const Json& pod) {
  std::string status = text_at(pod, ".status.reason");
  if (status.empty()) status = or_none(text_at(pod, ".status.phase"));
  if (const Json* containers = find_path(pod, ".status.containerStatuses"); containers != nullptr) {
    for (const Json& container : *containers) {
      const std::string waiting = text_at(container, ".state.waiting.reason");
      const std::string terminated = text_at(container, ".state.terminated.reason");
      if (!waiting.empty())
        status = waiting;
      else if (!terminated.empty())
        status = terminated;
    }
  }
  return find_path(pod, ".metadata.deletionTimestamp") != nullptr ? "Terminating" : status;
}

Json pod_cells(const Json& pod, Millis now) {
  std::size_t ready = 0;
  std::int64_t restarts = 0;
  std::string last_restart;
  if (const Json* containers = find_path(pod, ".status.containerStatuses"); containers != nullptr) {
    for (const Json& container : *containers) {
      ready += container.value("ready", false) ? 1 : 0;
      restarts += container.value("restartCount", std::int64_t{0});
      last_restart = std::max(last_restart, text_at(container, ".lastState.terminated.finishedAt"));
    }
  }
  std::string restart_text = std::to_string(restarts);
  if (restarts > 0 && !last_restart.empty())
    restart_text += " (" + age_since(last_restart, now) + " ago)";
  return {std::to_string(ready) + "/" + std::to_string(entries(pod, ".spec.containers")),
          pod_status(pod),
          restart_text,
          age_of(pod, now),
          or_none(text_at(pod, ".status.podIP")),
          or_none(text_at(pod, ".spec.nodeName")),
          or_none(text_at(pod, ".status.nominatedNodeName")),
          "<none>"};
}

Json node_cells(const Json& node, Millis now) {
  std::string status = condition_status(node, "Ready");
  status = status == "True" ? "Ready" : status == "False" ? "NotReady" : "Unknown";
  const Json* cordoned = find_path(node, ".spec.unschedulable");
  if (cordoned != nullptr && *cordoned == true) status += ",SchedulingDisabled";
  return {status,
          "<none>",
          age_of(node, now),
          text_at(node, ".status.nodeInfo.kubeletVersion"),
          or_none(text_at(node, ".status.addresses[?(@.type=='InternalIP')].address")),
          "<none>",
          or_none(text_at(node, ".status.nodeInfo.osImage")),
          or_none(text_at(node, ".status.nodeInfo.kernelVersion")),
          or_none(text_at(node, ".status.nodeInfo.containerRuntimeVersion"))};
}

std::string first_text(const Json& object, std::initializer_list<std::string_view> paths) {
  for (const auto path : paths) {
    if (std::string text = text_at(object, path); !text.empty()) return text;
  }
  return {};
}

// Events are stored as core/v1 and may be shown as events.k8s.io/v1: both names are looked up.
Json event_cells(const Json& event, Millis now) {
  const std::string first = first_text(event, {".firstTimestamp", ".deprecatedFirstTimestamp",
                                               ".eventTime", ".metadata.creationTimestamp"});
  const std::string last =
      first_text(event, {".series.lastObservedTime", ".lastTimestamp", ".deprecatedLastTimestamp",
                         ".eventTime", ".metadata.creationTimestamp"});
  std::string kind = first_text(event, {".involvedObject.kind", ".regarding.kind"});
  std::ranges::transform(kind, kind.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const Json* count = find_path(event, ".series.count");
  if (count == nullptr) count = find_path(event, ".count");
  if (count == nullptr) count = find_path(event, ".deprecatedCount");
  return {age_since(last, now),
          text_at(event, ".type"),
          text_at(event, ".reason"),
          kind + "/" + first_text(event, {".involvedObject.name", ".regarding.name"}),
          first_text(event, {".involvedObject.fieldPath", ".regarding.fieldPath"}),
          first_text(event, {".source.component", ".deprecatedSource.component",
                             ".reportingComponent", ".reportingController"}),
          first_text(event, {".message", ".note"}),
          age_since(first, now),
          count == nullptr || *count == 0 ? Json(1) : *count,
          text_at(event, ".metadata.name")};
}

std::string joined(const Json& map) {
  std::string text;
  for (const auto& [name, value] : map.items())
    text += (text.empty() ? "" : ",") + name + "=" + value.get<std::string>();
  return or_none(text);
}

Json service_cells(const Json& service, Millis now) {
  std::string ports;
  for (const Json& port : service["spec"].value("ports", Json::array())) {
    const int node_port = port.value("nodePort", 0);
    ports += (ports.empty() ? "" : ",") + std::to_string(port.value("port", 0)) +
             (node_port == 0 ? "" : ":" + std::to_string(node_port)) + "/" +
             port.value("protocol", "TCP");
  }
  const std::string type = text_at(service, ".spec.type");
  const std::string name = text_at(service, ".spec.externalName");
  return {type,
          or_none(text_at(service, ".spec.clusterIP")),
          type == "LoadBalancer"   ? "<pending>"
          : type == "ExternalName" ? name
                                   : "<none>",
          or_none(ports),
          age_of(service, now),
          joined(service["spec"].value("selector", Json::object()))};
}

Json quota_cells(const Json& quota, Millis now) {
  std::string requests, limits;
  const Json used = quota.value("/status/used"_json_pointer, Json::object());
  const Json hard = quota.value("/status/hard"_json_pointer, Json::object());
  for (const auto& [name, most] : hard.items()) {
    std::string& text = name.starts_with("limits.") ? limits : requests;
    text += (text.empty() ? "" : ", ") + name + ": " + used.value(name, "0") + "/" +
            most.get<std::string>();
  }
  return {requests, limits, age_of(quota, now)};
}

Json budget_cells(const Json& budget, Millis now) {
  const auto limit = [&](const char* name) -> Json {
    const Json value = budget["spec"].value(name, Json());
    return value.is_null() ? Json("N/A") : value.is_string() ? value : Json(value.dump());
  };
  return {limit("minAvailable"), limit("maxUnavailable"),
          budget.value("/status/disruptionsAllowed"_json_pointer, 0), age_of(budget, now)};
}

Json builtin_cells(const KindDefinition& kind, const Json& object, Millis now) {
  if (kind.plural == "pods") return pod_cells(object, now);
  if (kind.plural == "nodes") return node_cells(object, now);
  if (kind.plural == "events") return event_cells(object, now);
  if (kind.plural == "namespaces") return {text_at(object, ".status.phase"), age_of(object, now)};
  if (kind.plural == "configmaps") {
    return {entries(object, ".data") + entries(object, ".binaryData"), age_of(object, now)};
  }
  if (kind.plural == "secrets") {
    return {text_at(object, ".type"), entries(object, ".data"), age_of(object, now)};
  }
  if (kind.plural == "services") return service_cells(object, now);
  if (kind.plural == "resourcequotas") return quota_cells(object, now);
  if (kind.plural == "poddisruptionbudgets") return budget_cells(object, now);
  if (kind.plural == "leases")
    return {text_at(object, ".spec.holderIdentity"), age_of(object, now)};
  Json cells = Json::array();
  cells.push_back(text_at(object, ".metadata.creationTimestamp"));
  return cells;
}

Json custom_cell(const PrinterColumn& column, const Json& object, Millis now) {
  const Json* value = find_path(object, column.path);
  if (value == nullptr || value->is_null()) return nullptr;
  if (column.type == "date")
    return value->is_string() ? Json(age_since(value->get<std::string>(), now)) : Json();
  if (column.type == "string") return value->is_string() ? *value : Json(value->dump());
  return value->is_primitive() ? *value : Json(value->dump());
}

Json row_object(const Json& object, IncludeObject include) {
  return include == IncludeObject::kObject ? object : partial_metadata(object);
}

}  // namespace

Json partial_metadata(const Json& object) {
  return {{"kind", "PartialObjectMetadata"},
          {"apiVersion", "meta.k8s.io/v1"},
          {"metadata", object["metadata"]}};
}

Json table_cells(const KindDefinition& kind, const Json& object, Millis now) {
  if (kind.plural == "events") return event_cells(object, now);  // where the name comes last
  Json cells = Json::array({text_at(object, ".metadata.name")});
  if (kind.custom) {
    for (const PrinterColumn& column : kind.columns)
      cells.push_back(custom_cell(column, object, now));
  } else {
    for (Json& cell : builtin_cells(kind, object, now)) cells.push_back(std::move(cell));
  }
  return cells;
}

Json column_definitions(const KindDefinition& kind) {
  Json definitions = Json::array();
  if (kind.plural != "events") {
    definitions.push_back({{"name", "Name"},
                           {"type", "string"},
                           {"format", "name"},
                           {"description", kNameDescription},
                           {"priority", 0}});
  }
  for (const PrinterColumn& column : kind.columns) {
    definitions.push_back({{"name", column.name},
                           {"type", column.type},
                           {"format", column.format},
                           {"description", column.description},
                           {"priority", column.priority}});
  }
  return definitions;
}

Json make_table(const KindDefinition& kind, const std::vector<const Json*>& objects,
                const Json& list_metadata, IncludeObject include, Millis now) {
  Json rows = Json::array();
  for (const Json* object : objects) {
    Json row{{"cells", table_cells(kind, *object, now)}};
    row["object"] = include == IncludeObject::kNone ? Json() : row_object(*object, include);
    rows.push_back(std::move(row));
  }
  return {{"kind", "Table"},
          {"apiVersion", "meta.k8s.io/v1"},
          {"metadata", list_metadata},
          {"columnDefinitions", column_definitions(kind)},
          {"rows", std::move(rows)}};
}

Json bookmark_row(const KindDefinition& kind, const Json& object) {
  Json cells = Json::array();
  const std::size_t count = kind.columns.size() + (kind.plural == "events" ? 0 : 1);
  for (std::size_t i = 0; i < count; ++i) cells.push_back(i == 0 ? Json("") : Json());
  return {{"cells", std::move(cells)}, {"object", row_object(object, IncludeObject::kMetadata)}};
}

}  // namespace penstock::apiserver
