#pragma once

#include <string>
#include <vector>

namespace penstock {

// The subcommands of `penstock`: `words` follow the command's name; the exit code is returned: 0
// done, 1 failed, 2 wrong use or a job that cannot run, 130 interrupted.
int run_command(const std::vector<std::string>& words);
int explain_command(const std::vector<std::string>& words);
int validate_command(const std::vector<std::string>& words);

// Writes "penstock COMMAND: message" to stderr and returns `code`.
int complain(const std::string& command, const std::string& message, int code);

}  // namespace penstock
