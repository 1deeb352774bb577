#pragma once

#include <cstdint>
#include <string>

namespace penstock {

// What the operator knows of where it runs, the same for all jobs.
struct Installation {
  std::string engine_image = "penstock:0.1.0";  // for jobs that name none
  std::string checkpoint_base;                  // URI for jobs that name none; empty: none
  // Names the authority whose certificates operator and engines show to each other; empty: they
  // speak plain text, on this machine only.
  std::string authority_id;
  std::uint16_t control_port = 7070;
  std::uint16_t http_port = 8080;
  std::int64_t termination_grace_seconds = 60;
  friend bool operator==(const Installation&, const Installation&) = default;
};

}  // namespace penstock
