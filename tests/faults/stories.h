#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "tests/faults/scene.h"

namespace penstock::faults {

// What a user does, or what happens, each time when everything is quiet.
struct Story {
  const char* name;
  std::vector<void (*)(Scene&)> events;
  const char* ends;  // how the outcome begins
};
inline void PrintTo(const Story& story, std::ostream* out) { *out << story.name; }

// A new step of the lifecycle is one more row.
const std::vector<Story>& stories();

}  // namespace penstock::faults
