#include "runtime/bench/measurement.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

#include "runtime/base/log.h"

namespace penstock::bench {
namespace {

std::string target_text(const Measurement& one) {
  if (!one.target) return "";
  return (one.target->at_least ? ">= " : "<= ") + short_number(one.target->bound);
}

std::string number_json(double value) {
  std::ostringstream out;
  out << std::setprecision(6) << (std::isfinite(value) ? value : 0);
  return out.str();
}

}  // namespace

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const double wanted = std::ceil(share * static_cast<double>(values.size()));
  const auto rank = static_cast<std::size_t>(std::max(1.0, wanted)) - 1;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::min(rank, values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

std::string short_number(double value) {
  const double size = std::abs(value);
  const char* suffix = size >= 1e9 ? " G" : size >= 1e6 ? " M" : size >= 1e4 ? " k" : "";
  const double shown = size >= 1e9   ? value / 1e9
                       : size >= 1e6 ? value / 1e6
                       : size >= 1e4 ? value / 1e3
                                     : value;
  std::ostringstream out;
  if (std::abs(shown) >= 100)
    out << std::fixed << std::setprecision(0);
  else
    out << std::setprecision(3);
  out << shown << suffix;
  return out.str();
}

std::string as_text(const Measurements& all) {
  std::size_t name = 0, value = 0, target = 0;
  const auto shown = [](const Measurement& one) {
    return short_number(one.value) + (one.unit.empty() ? "" : " " + one.unit);
  };
  for (const Measurement& one : all) {
    name = std::max(name, one.name.size());
    value = std::max(value, shown(one).size());
    target = std::max(target, target_text(one).size());
  }
  std::ostringstream out;
  for (const Measurement& one : all)
    out << std::left << std::setw(static_cast<int>(name) + 2) << one.name
        << std::setw(static_cast<int>(value) + 2) << shown(one)
        << std::setw(static_cast<int>(target) + 2) << target_text(one)
        << (one.missed() ? "MISSED  " : "        ") << one.note << "\n";
  return out.str();
}

std::string as_json(const std::string& bench, const Measurements& all) {
  std::string rows;
  for (const Measurement& one : all) {
    rows += rows.empty() ? "\n" : ",\n";
    rows += "  {\"name\": " + log::quote_json(one.name) + ", \"value\": " + number_json(one.value) +
            ", \"unit\": " + log::quote_json(one.unit);
    if (one.target)
      rows += std::string(", \"") + (one.target->at_least ? "at_least" : "at_most") +
              "\": " + number_json(one.target->bound);
    rows += std::string(", \"missed\": ") + (one.missed() ? "true" : "false") +
            ", \"note\": " + log::quote_json(one.note) + "}";
  }
  return "{\"bench\": " + log::quote_json(bench) + ", \"measurements\": [" + rows +
         "\n], \"missed\": " + std::to_string(std::ranges::count_if(all, &Measurement::missed)) +
         "}\n";
}

}  // namespace penstock::bench
