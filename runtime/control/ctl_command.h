#pragma once

#include <string>
#include <vector>

namespace penstock {

// `penstock ctl HOST:PORT status|watch|rescale N|checkpoint|savepoint URI|stop [--drain|--savepoint
// URI] [--json]`: `args` is what follows "ctl". Results go to stdout, errors to stderr. Returns the
// exit code: 0 done, 1 failed, 2 wrong use.
int ctl_main(const std::vector<std::string>& args);

}  // namespace penstock
