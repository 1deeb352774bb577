// penstock explain and penstock validate: what a file would run, without running it.

#include <iostream>

#include "runtime/arguments.h"
#include "runtime/base/log.h"
#include "runtime/commands.h"
#include "runtime/job_file.h"

namespace penstock {
namespace {

// The plan with its variables unresolved: values are the engine's business.
Result<StreamGraph> plan_of(const std::string& path) {
  TRY_ASSIGN(const JobFile file, read_job_file(path));
  TRY_ASSIGN(StreamGraph graph, sql::compile(file.sql, file.compile).to_result());
  if (graph.name.empty()) graph.name = file.options.identity.name;
  return graph;
}

}  // namespace

int explain_command(const std::vector<std::string>& words) {
  const auto arguments = parse_arguments(words, {}, {"json"});
  if (!arguments) return complain("explain", arguments.error().message, 2);
  if (arguments->plain.size() != 1) return complain("explain", "give one FILE", 2);
  const auto graph = plan_of(arguments->plain[0]);
  if (!graph) return complain("explain", graph.error().message, 2);
  std::cout << (arguments->has("json") ? explain_json(*graph) + "\n" : explain_text(*graph));
  return 0;
}

int validate_command(const std::vector<std::string>& words) {
  const auto arguments = parse_arguments(words, {}, {"json"});
  if (!arguments) return complain("validate", arguments.error().message, 2);
  if (arguments->plain.empty()) return complain("validate", "give at least one FILE", 2);
  bool all_valid = true;
  for (const std::string& path : arguments->plain) {
    const auto graph = plan_of(path);
    all_valid &= graph.has_value();
    if (arguments->has("json")) {
      std::cout << "{\"file\":" << log::quote_json(path)
                << ",\"valid\":" << (graph ? "true" : "false");
      if (!graph) std::cout << ",\"error\":" << log::quote_json(graph.error().message);
      std::cout << "}\n";
    } else if (graph) {
      std::cout << path << ": valid\n";
      for (const std::string& warning : graph->warnings)
        std::cout << path << ": warning: " << warning << "\n";
    } else {
      std::cout << path << ": " << graph.error().message << "\n";
    }
  }
  return all_valid ? 0 : 2;
}

}  // namespace penstock
