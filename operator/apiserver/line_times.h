#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/ids.h"

namespace penstock::apiserver {

// When the bytes of a log were written, from the notes that are taken beside it: "SIZE MILLIS" per
// line, "so long was the log then". What no note covers yet is as old as `now`.
class LineTimes {
 public:
  // A file that is not there covers nothing.
  static LineTimes read(const std::string& path, Millis now);

  Millis at(std::int64_t offset) const;
  // The first byte that was not there before `time`.
  std::int64_t first_since(Millis time) const;

 private:
  struct Note {
    std::int64_t size = 0;
    Millis at = 0;
  };
  std::vector<Note> notes_;  // ascending
  Millis now_ = 0;
};

}  // namespace penstock::apiserver
