#pragma once

#include <cstring>

#include "runtime/columns/physical_type.h"

namespace penstock {

// Packed fields lie at any address.
template <typename T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}
template <typename T>
void store(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof(T));
}

}  // namespace penstock
