#pragma once

#include <set>
#include <string>
#include <vector>

#include "operator/apiserver/failure.h"
#include "operator/apiserver/json.h"

namespace penstock::apiserver {

// What the API server does to Services beside what their schema says. Pure.

// Defaults, and the addresses that a Service keeps: those of `before` (null for a new one) where
// the new version names none.
void complete_service(Json& service, const Json* before);
void validate_service(const Json& service, const Json* before, std::vector<FieldError>& errors);

// What other Services have been given.
struct TakenAddresses {
  std::set<std::string> ips;
  std::set<int> node_ports;
};
void add_taken(const Json& service, TakenAddresses& taken);
// Gives a Service the first free address of 10.96.0.0/16, and node ports from 30000 on, where it
// needs them. 422 when an address that it asks for is taken, 500 when none is left.
Answer<bool> assign_addresses(Json& service, const TakenAddresses& taken);

}  // namespace penstock::apiserver
