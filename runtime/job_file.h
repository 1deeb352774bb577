#pragma once

#include <map>
#include <string>

#include "runtime/job/job.h"
#include "runtime/sql/compile.h"

namespace penstock {

// What a file says about a job: a .sql script, or the first StreamJob of a manifest.
struct JobFile {
  std::string sql;
  JobOptions options;  // identity.name is empty for a script without pipeline.name
  sql::CompileOptions compile;
  std::map<std::string, std::string>
      variables;  // of the manifest; others come from the environment
};

// kInvalid with the file and what is wrong, kNotFound when it cannot be read.
Result<JobFile> read_job_file(const std::string& path);
// The manifest in `text`; for read_job_file and its tests.
Result<JobFile> parse_manifest(const std::string& text);

// The plan, its name, and its variables resolved; a SQL error as its text with line and column.
Result<StreamGraph> compile_job(JobFile& file);

}  // namespace penstock
