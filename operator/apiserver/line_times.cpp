#include "operator/apiserver/line_times.h"

#include <algorithm>
#include <fstream>

namespace penstock::apiserver {

LineTimes LineTimes::read(const std::string& path, Millis now) {
  LineTimes times;
  times.now_ = now;
  std::ifstream file(path);
  for (Note note; file >> note.size >> note.at;) times.notes_.push_back(note);
  return times;
}

Millis LineTimes::at(std::int64_t offset) const {
  const auto note = std::ranges::upper_bound(notes_, offset, {}, &Note::size);
  return note == notes_.end() ? now_ : note->at;
}

std::int64_t LineTimes::first_since(Millis time) const {
  const auto note = std::ranges::lower_bound(notes_, time, {}, &Note::at);
  return note == notes_.begin() ? 0 : std::prev(note)->size;
}

}  // namespace penstock::apiserver
