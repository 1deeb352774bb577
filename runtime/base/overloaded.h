#pragma once

namespace penstock {

// Builds one visitor from lambdas: std::visit(Overloaded{[](A) {...}, [](B) {...}}, variant).
template <typename... Calls>
struct Overloaded : Calls... {
  using Calls::operator()...;
};
template <typename... Calls>
Overloaded(Calls...) -> Overloaded<Calls...>;

}  // namespace penstock
