#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "operator/apiserver/api_server.h"

namespace penstock {

struct CommandResult {
  int exit = 0;
  std::string out;
  std::string err;
};

// Runs a program with arguments and waits for it; `input` goes to its stdin. Variables are added to
// ours.
CommandResult run_command(const std::vector<std::string>& command, const std::string& input = "",
                          const std::map<std::string, std::string>& variables = {});

// The kubectl of $PENSTOCK_KUBECTL or of the PATH; empty when there is none.
std::string find_kubectl();

// A CRD like the one that the recordings of a real API server were made with, as JSON.
std::string stream_job_crd();

// One API server on a free port for all tests of a program, with a home for kubectl.
class Cluster {
 public:
  explicit Cluster(std::string directory);

  Status start();
  void stop() { server_.reset(); }
  ApiServer& server() { return *server_; }
  const std::string& directory() const { return directory_; }

  CommandResult kubectl(const std::string& arguments, const std::string& input = "") const;
  CommandResult kubectl(const std::vector<std::string>& arguments,
                        const std::string& input = "") const;

  std::map<std::string, std::string> logs;  // container output by "namespace/pod/container"

 private:
  std::string directory_;
  std::string kubectl_;
  SystemClock clock_;
  std::unique_ptr<ApiServer> server_;
};

}  // namespace penstock
