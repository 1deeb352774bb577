#pragma once

namespace penstock {

// Prints the broken invariant with its place and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace penstock

// A broken invariant is a bug: the process ends, what is durable is consistent, and the next start
// goes on from there. Never for what the network, the disk or the user decides.
#define CHECK(condition) \
  ((condition) ? (void)0 : ::penstock::check_failed(#condition, __FILE__, __LINE__))
