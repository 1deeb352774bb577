#pragma once

#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace penstock::bench {

// A program that ran to its end, measured by the kernel: start-up, all threads and exit count.
struct ChildRun {
  std::string output;         // what it wrote to stdout
  double cpu_seconds = 0;     // user and system
  double wall_seconds = 0;    // from before the fork
  double first_output = 0;    // seconds until the first byte on stdout; 0: there was none
  double peak_megabytes = 0;  // resident
};

// Runs `words` with `environment` ("NAME=value") on top of this process's. kInternal with what it
// wrote to stderr when it did not end with 0.
Result<ChildRun> run_child(const std::vector<std::string>& words,
                           const std::vector<std::string>& environment, Clock& clock);

// Where this program lies.
std::string own_path();

// A new empty folder that goes with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }
  Status write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

}  // namespace penstock::bench
