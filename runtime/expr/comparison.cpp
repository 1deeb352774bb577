#include <array>
#include <functional>
#include <unordered_set>

#include "runtime/columns/physical_type.h"
#include "runtime/expr/functions.h"
#include "runtime/expr/row_node.h"

namespace penstock {
namespace {

// Calls `use` with a null pointer of the physical type of a kind that has an order.
template <typename Use>
Result<NodePtr> with_ordered(const KernelCall& call, TypeKind kind, Use&& use) {
  if (kind == TypeKind::kNull || kind == TypeKind::kRow) return no_kernel(call);
  return with_physical_type(kind, [&](auto* tag) -> Result<NodePtr> { return use(tag); });
}

template <typename Compare>
Result<NodePtr> make_comparison(KernelCall call) {
  return with_ordered(call, call.input_kind(0), [&](auto* tag) -> Result<NodePtr> {
    using T = std::remove_pointer_t<decltype(tag)>;
    return over_rows<T, T>(call,
                           [](T a, T b) { return static_cast<std::uint8_t>(Compare{}(a, b)); });
  });
}

// IS [NOT] DISTINCT FROM: NULL is a value like others.
template <typename T>
class DistinctNode final : public ExprNode {
 public:
  DistinctNode(Type type, std::vector<NodePtr> inputs, bool distinct)
      : type_(std::move(type)), inputs_(std::move(inputs)), distinct_(distinct) {
    cheap = inputs_[0]->cheap && inputs_[1]->cheap;
    pure = inputs_[0]->pure && inputs_[1]->pure;
  }

  Result<Operand> run(const Frame& frame) override {
    TRY_ASSIGN(const Operand a, inputs_[0]->run(frame));
    TRY_ASSIGN(const Operand b, inputs_[1]->run(frame));
    const bool scalar = a.scalar && b.scalar;
    const std::size_t rows = scalar ? 1 : frame.rows;
    const T* left = a.column.template values<T>().data();
    const T* right = b.column.template values<T>().data();
    auto out = allocate_values<std::uint8_t>(rows);
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t i = a.scalar ? 0 : row;
      const std::size_t j = b.scalar ? 0 : row;
      const bool null = a.column.is_null(i);
      const bool same = null == b.column.is_null(j) && (null || left[i] == right[j]);
      out[row] = same != distinct_ ? 1 : 0;
    }
    return Operand{Column(type_, rows, std::move(out), nullptr), scalar};
  }

 private:
  Type type_;
  std::vector<NodePtr> inputs_;
  bool distinct_;
};

template <bool distinct>
Result<NodePtr> make_distinct(KernelCall call) {
  return with_ordered(call, call.input_kind(0), [&](auto* tag) -> Result<NodePtr> {
    using T = std::remove_pointer_t<decltype(tag)>;
    return NodePtr(
        std::make_unique<DistinctNode<T>>(call.type(), std::move(call.inputs), distinct));
  });
}

struct ConstantHash {
  template <typename T>
  std::size_t operator()(const T& value) const {
    if constexpr (std::is_same_v<T, Int128>) {
      return std::hash<std::uint64_t>{}(static_cast<std::uint64_t>(value) ^
                                        static_cast<std::uint64_t>(value >> 64));
    } else {
      return std::hash<T>{}(value);
    }
  }
};

// value IN (constants): found is TRUE; otherwise FALSE, or NULL when one of the constants is NULL.
template <typename T>
struct Constants {
  std::vector<Operand> keep_alive;
  std::vector<T> few;
  std::unordered_set<T, ConstantHash> many;
  bool has_null = false;

  void add(const Operand& item) {
    keep_alive.push_back(item);
    if (item.column.is_null(0)) {
      has_null = true;
    } else {
      few.push_back(item.column.template values<T>()[0]);
    }
  }
  bool contains(const T& value) const {
    if (!many.empty()) return many.contains(value);
    bool found = false;
    for (const T& item : few) found |= item == value;
    return found;
  }
};

template <typename T>
Result<NodePtr> in_constants(KernelCall& call) {
  constexpr std::size_t kFew = 8;
  auto items = std::make_shared<Constants<T>>();
  for (std::size_t i = 1; i < call.inputs.size(); ++i) items->add(*call.inputs[i]->constant());
  if (items->few.size() > kFew) items->many = {items->few.begin(), items->few.end()};
  std::vector<NodePtr> inputs;
  inputs.push_back(std::move(call.inputs[0]));
  if (!items->has_null)
    return over_rows<T>(call.type(), std::move(inputs), [items](const T& value) {
      return static_cast<std::uint8_t>(items->contains(value));
    });
  return over_rows<T>(call.type(), std::move(inputs), [items](RowScratch&, const T& value) {
    return items->contains(value) ? std::optional<std::uint8_t>(1) : std::nullopt;
  });
}

Result<NodePtr> make_in(KernelCall call) {
  bool constants = true;
  for (std::size_t i = 1; i < call.inputs.size(); ++i)
    constants = constants && call.inputs[i]->constant() != nullptr;
  if (constants)
    return with_ordered(call, call.input_kind(0), [&](auto* tag) -> Result<NodePtr> {
      return in_constants<std::remove_pointer_t<decltype(tag)>>(call);
    });
  Expr any{.kind = Expr::Kind::kOr, .type = call.type()};
  for (std::size_t i = 1; i < call.expr.arguments.size(); ++i) {
    TRY_ASSIGN(Expr equal, resolve_call("=", {call.expr.arguments[0], call.expr.arguments[i]}));
    any.arguments.push_back(std::move(equal));
  }
  return make_logic(any, false);
}

// GREATEST and LEAST, two at a time; NULL when any is NULL.
template <bool greatest>
Result<NodePtr> make_extreme(KernelCall call) {
  NodePtr best = std::move(call.inputs[0]);
  for (std::size_t i = 1; i < call.inputs.size(); ++i) {
    std::vector<NodePtr> pair;
    pair.push_back(std::move(best));
    pair.push_back(std::move(call.inputs[i]));
    TRY_ASSIGN(best, with_ordered(call, call.input_kind(0), [&](auto* tag) -> Result<NodePtr> {
                 using T = std::remove_pointer_t<decltype(tag)>;
                 return over_rows<T, T>(call.type(), std::move(pair), [](T a, T b) {
                   return greatest ? (b > a ? b : a) : (b < a ? b : a);
                 });
               }));
  }
  return best;
}

constexpr std::array kKernels = {
    Kernel{"=", make_comparison<std::equal_to<>>},
    Kernel{"<>", make_comparison<std::not_equal_to<>>},
    Kernel{"<", make_comparison<std::less<>>},
    Kernel{"<=", make_comparison<std::less_equal<>>},
    Kernel{">", make_comparison<std::greater<>>},
    Kernel{">=", make_comparison<std::greater_equal<>>},
    Kernel{"IS DISTINCT FROM", make_distinct<true>},
    Kernel{"IS NOT DISTINCT FROM", make_distinct<false>},
    Kernel{"IN", make_in},
    Kernel{"GREATEST", make_extreme<true>},
    Kernel{"LEAST", make_extreme<false>},
};

}  // namespace

std::span<const Kernel> comparison_kernels() { return kKernels; }

}  // namespace penstock
