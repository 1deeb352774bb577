#pragma once

#include <optional>
#include <string>
#include <vector>

namespace penstock::bench {

// What a number should be: at least `bound`, or at most.
struct Target {
  double bound = 0;
  bool at_least = true;
};

// One number that a bench found, in words that stand in a table.
struct Measurement {
  std::string name;
  double value = 0;
  std::string unit;
  std::optional<Target> target{};
  std::string note{};  // under which conditions

  bool missed() const {
    return target && (target->at_least ? value < target->bound : value > target->bound);
  }
};
using Measurements = std::vector<Measurement>;

// The smallest value that at least `share` of `values` do not exceed; 0 of none.
double quantile(std::vector<double> values, double share);
inline double median(std::vector<double> values) { return quantile(std::move(values), 0.5); }

// Three digits that mean something: "4.12 M", "0.0031", "52.3".
std::string short_number(double value);

// A table for people; with what is missed marked.
std::string as_text(const Measurements& all);
// {"bench": ..., "measurements": [...], "missed": n}
std::string as_json(const std::string& bench, const Measurements& all);

}  // namespace penstock::bench
