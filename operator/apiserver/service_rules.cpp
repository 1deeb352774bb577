#include "operator/apiserver/service_rules.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "operator/apiserver/json_path.h"

namespace penstock::apiserver {

namespace {

constexpr int kFirstNodePort = 30000, kLastNodePort = 32767;

void set_default(Json& object, const char* name, Json value) {
  if (!object.contains(name)) object[name] = std::move(value);
}

std::string type_of(const Json& service) { return text_at(service, ".spec.type"); }
bool has_node_ports(const std::string& type) {
  return type == "NodePort" || type == "LoadBalancer";
}

FieldError bad_port(const std::string& field, const Json& port) {
  return {"FieldValueInvalid", field,
          "Invalid value: " + port.dump() + ": must be between 1 and 65535, inclusive"};
}

// A DNS label that begins with a letter.
bool is_service_name(const std::string& name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && name.size() <= 63 && is_letter(name.front()) && name.back() != '-' &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

void validate_ports(const Json& ports, std::vector<FieldError>& errors) {
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::string place = "spec.ports[" + std::to_string(i) + "]";
    const std::int64_t port = ports[i].value("port", std::int64_t{0});
    if (ports.size() > 1 && ports[i].value("name", "").empty())
      errors.push_back({"FieldValueRequired", place + ".name", "Required value"});
    if (port < 1 || port > 65535) errors.push_back(bad_port(place + ".port", port));
    const Json target = ports[i].value("targetPort", Json(port));
    if (target.is_number() && (target < 1 || target > 65535))
      errors.push_back(bad_port(place + ".targetPort", target));
    const std::string protocol = ports[i].value("protocol", "");
    if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP")
      errors.push_back({"FieldValueNotSupported", place + ".protocol",
                        "Unsupported value: " + Json(protocol).dump() +
                            ": supported values: \"SCTP\", \"TCP\", \"UDP\""});
  }
}

}  // namespace

void complete_service(Json& service, const Json* before) {
  if (!service.contains("spec")) return;
  Json& spec = service["spec"];
  const std::string type = type_of(service);
  if (spec.contains("ports")) {
    for (Json& port : spec["ports"])
      if (port.contains("port")) set_default(port, "targetPort", port["port"]);
  }
  set_default(service, "status", {{"loadBalancer", Json::object()}});
  if (type == "ExternalName") return;
  set_default(spec, "internalTrafficPolicy", "Cluster");
  if (has_node_ports(type)) set_default(spec, "externalTrafficPolicy", "Cluster");
  if (type == "LoadBalancer") set_default(spec, "allocateLoadBalancerNodePorts", true);
  if (before == nullptr || type_of(*before) == "ExternalName") return;
  for (const char* name : {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"}) {
    const Json& had = before->at("spec");
    if (had.contains(name)) set_default(spec, name, had[name]);
  }
}

void validate_service(const Json& service, const Json* before, std::vector<FieldError>& errors) {
  const std::string name = text_at(service, ".metadata.name");
  if (!is_service_name(name)) {
    errors.push_back(
        {"FieldValueInvalid", "metadata.name",
         "Invalid value: " + Json(name).dump() +
             ": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start "
             "with an alphabetic character, and end with an alphanumeric character (e.g. "
             "'my-name',  or 'abc-123', regex used for validation is "
             "'[a-z]([-a-z0-9]*[a-z0-9])?')"});
  }
  const Json spec = service.value("spec", Json::object());
  const std::string type = type_of(service);
  const Json ports = spec.value("ports", Json::array());
  const bool headless = text_at(service, ".spec.clusterIP") == "None";
  if (ports.empty() && !headless && type != "ExternalName")
    errors.push_back({"FieldValueRequired", "spec.ports", "Required value"});
  validate_ports(ports, errors);
  if (type != "ClusterIP" && type != "ExternalName" && !has_node_ports(type))
    errors.push_back({"FieldValueNotSupported", "spec.type",
                      "Unsupported value: " + Json(type).dump() +
                          ": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", "
                          "\"NodePort\""});
  if (before == nullptr) return;
  const std::string had = text_at(*before, ".spec.clusterIP");
  if (!had.empty() && type != "ExternalName" && had != text_at(service, ".spec.clusterIP"))
    errors.push_back({"FieldValueInvalid", "spec.clusterIPs[0]",
                      "Invalid value: " + spec.value("clusterIPs", Json::array()).dump() +
                          ": may not change once set"});
}

void add_taken(const Json& service, TakenAddresses& taken) {
  taken.ips.insert(text_at(service, ".spec.clusterIP"));
  const Json* ports = find_path(service, ".spec.ports");
  if (ports == nullptr) return;
  for (const Json& port : *ports) taken.node_ports.insert(port.value("nodePort", 0));
}

Answer<bool> assign_addresses(Json& service, const TakenAddresses& taken) {
  const std::string type = type_of(service);
  if (type == "ExternalName") return true;
  Json& spec = service["spec"];
  set_default(spec, "ipFamilies", Json::array({"IPv4"}));
  set_default(spec, "ipFamilyPolicy", "SingleStack");
  std::string ip = text_at(service, ".spec.clusterIP");
  if (!ip.empty() && ip != "None" && taken.ips.contains(ip)) {
    return invalid({"", "services", "Service", text_at(service, ".metadata.name")},
                   {{"FieldValueInvalid", "spec.clusterIPs",
                     "Invalid value: " + Json::array({ip}).dump() + ": failed to allocate IP " +
                         ip + ": provided IP is already allocated"}});
  }
  for (int i = 1; ip.empty(); ++i) {
    if (i == 65535) return internal_error("no address is left for a Service in 10.96.0.0/16");
    const std::string next = "10.96." + std::to_string(i / 256) + "." + std::to_string(i % 256);
    if (!taken.ips.contains(next)) ip = next;
  }
  spec["clusterIP"] = ip;
  spec["clusterIPs"] = Json::array({ip});
  if (!has_node_ports(type)) return true;
  int next = kFirstNodePort;
  for (Json& port : spec["ports"]) {
    if (port.value("nodePort", 0) != 0) continue;
    while (taken.node_ports.contains(next)) ++next;
    if (next > kLastNodePort) return internal_error("no node port is left for a Service");
    port["nodePort"] = next++;
  }
  return true;
}

}  // namespace penstock::apiserver
