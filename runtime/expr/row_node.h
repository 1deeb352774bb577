#pragma once

#include <array>
#include <tuple>
#include <type_traits>

#include "runtime/expr/node.h"

namespace penstock {

// What a row function may use beside its arguments.
struct RowScratch {
  TextArena arena;     // text of results; lives as long as the result
  std::string buffer;  // for building text; any content
  std::optional<Error> error;

  // The whole evaluation fails; the first message counts.
  void fail(std::string message) {
    if (!error) error = Error{Code::kInvalid, std::move(message)};
  }
};

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {
  using Inner = T;
};

// Applies `f` to each row whose arguments are all not NULL. A, ... are physical types. `f` is
// either
//   R f(A...)                             cannot fail; also run on NULL rows: any input must be
//   fine R or std::optional<R> f(RowScratch&, A...)    run on rows without NULL only
// Constant arguments are read as scalars, never spread.
template <typename F, typename... A>
class RowNode final : public ExprNode {
  static constexpr bool kSimple = std::is_invocable_v<F&, A...>;
  using Yield = typename std::conditional_t<kSimple, std::invoke_result<F&, A...>,
                                            std::invoke_result<F&, RowScratch&, A...>>::type;
  template <typename T>
  struct Inner {
    using Type = T;
  };
  template <typename T>
  struct Inner<std::optional<T>> {
    using Type = T;
  };
  using R = typename Inner<Yield>::Type;
  using Indices = std::index_sequence_for<A...>;
  static constexpr std::size_t kInputs = sizeof...(A);

 public:
  RowNode(Type type, std::vector<NodePtr> inputs, F f)
      : type_(std::move(type)), inputs_(std::move(inputs)), f_(std::move(f)) {
    CHECK(inputs_.size() == kInputs);
    cheap = kSimple;
    for (const NodePtr& input : inputs_) {
      cheap = cheap && input->cheap;
      pure = pure && input->pure;
    }
  }

  Result<Operand> run(const Frame& frame) override {
    std::array<Operand, kInputs> in;
    bool scalar = true;
    for (std::size_t i = 0; i < kInputs; ++i) {
      TRY_ASSIGN(in[i], inputs_[i]->run(frame));
      scalar = scalar && in[i].scalar;
    }
    for (const Operand& operand : in)
      if (operand.scalar && operand.column.is_null(0)) return null_operand(type_);
    const std::size_t rows = scalar ? 1 : frame.rows;
    auto nulls = combine_nulls(in, rows);
    auto out = allocate_values<R>(rows);
    RowScratch scratch;
    if constexpr (kSimple) {
      simple_rows(in, rows, out.get(), Indices{});
    } else {
      careful_rows(in, rows, out.get(), nulls, scratch, Indices{});
      if (scratch.error) return std::move(*scratch.error);
    }
    return Operand{Column(type_, rows, std::move(out), std::move(nulls), kept_alive(in, scratch)),
                   scalar};
  }

 private:
  template <std::size_t i>
  using Argument = std::tuple_element_t<i, std::tuple<A...>>;

  template <std::size_t... i>
  void simple_rows(const std::array<Operand, kInputs>& in, std::size_t rows, R* out,
                   std::index_sequence<i...>) {
    const auto data = std::tuple(in[i].column.template values<Argument<i>>().data()...);
    if constexpr (kInputs == 1) {
      const auto* a = std::get<0>(data);
      for (std::size_t row = 0; row < rows; ++row) out[row] = f_(a[row]);
    } else if constexpr (kInputs == 2) {
      const auto* a = std::get<0>(data);
      const auto* b = std::get<1>(data);
      if (in[0].scalar == in[1].scalar) {
        for (std::size_t row = 0; row < rows; ++row) out[row] = f_(a[row], b[row]);
      } else if (in[1].scalar) {
        const auto fixed = *b;
        for (std::size_t row = 0; row < rows; ++row) out[row] = f_(a[row], fixed);
      } else {
        const auto fixed = *a;
        for (std::size_t row = 0; row < rows; ++row) out[row] = f_(fixed, b[row]);
      }
    } else {
      for (std::size_t row = 0; row < rows; ++row)
        out[row] = f_(std::get<i>(data)[in[i].scalar ? 0 : row]...);
    }
  }

  template <std::size_t... i>
  void careful_rows(const std::array<Operand, kInputs>& in, std::size_t rows, R* out,
                    std::shared_ptr<const std::uint8_t[]>& nulls, RowScratch& scratch,
                    std::index_sequence<i...>) {
    const auto data = std::tuple(in[i].column.template values<Argument<i>>().data()...);
    const std::array<std::size_t, kInputs> step = {(in[i].scalar ? std::size_t{0} : 1)...};
    std::shared_ptr<std::uint8_t[]> own_nulls;
    for (std::size_t row = 0; row < rows; ++row) {
      if (nulls && nulls[row] != 0) {
        out[row] = R{};
        continue;
      }
      Yield value = f_(scratch, std::get<i>(data)[step[i] * row]...);
      if constexpr (IsOptional<Yield>::value) {
        if (!value) {
          if (!own_nulls) own_nulls = copy_nulls(nulls, rows);
          own_nulls[row] = 1;
        }
        out[row] = value ? *value : R{};
      } else {
        out[row] = value;
      }
    }
    if (own_nulls) nulls = std::move(own_nulls);
  }

  static std::shared_ptr<std::uint8_t[]> copy_nulls(
      const std::shared_ptr<const std::uint8_t[]>& nulls, std::size_t rows) {
    auto copy = allocate_values<std::uint8_t>(rows);
    for (std::size_t row = 0; row < rows; ++row) copy[row] = nulls ? nulls[row] : 0;
    return copy;
  }

  // Result text may show a part of an argument.
  static std::vector<std::shared_ptr<const void>> kept_alive(const std::array<Operand, kInputs>& in,
                                                             RowScratch& scratch) {
    std::vector<std::shared_ptr<const void>> all;
    if constexpr (std::is_same_v<R, std::string_view>) {
      for (const Operand& operand : in) {
        const auto& kept = operand.column.keep_alive();
        all.insert(all.end(), kept.begin(), kept.end());
      }
      all.push_back(scratch.arena.keep_alive());
    }
    return all;
  }

  Type type_;
  std::vector<NodePtr> inputs_;
  F f_;
};

// A node that applies `f` to each row, see RowNode. Usage: over_rows<std::int64_t>(call, f).
template <typename... A, typename F>
NodePtr over_rows(Type type, std::vector<NodePtr> inputs, F f) {
  return std::make_unique<RowNode<F, A...>>(std::move(type), std::move(inputs), std::move(f));
}
template <typename... A, typename F>
NodePtr over_rows(KernelCall& call, F f) {
  return over_rows<A...>(call.type(), std::move(call.inputs), std::move(f));
}

}  // namespace penstock
