#include "runtime/exec/operators/accumulators.h"

#include <cstring>
#include <type_traits>

namespace penstock {
namespace {

// Integers wrap, as in Flink.
template <typename T>
T plus(T a, T b) {
  if constexpr (std::is_same_v<T, std::int32_t>) {
    return static_cast<T>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  } else if constexpr (std::is_same_v<T, Int128>) {
    T sum;
    static_cast<void>(__builtin_add_overflow(a, b, &sum));
    return sum;
  } else {
    return a + b;
  }
}

// `value` or its negative.
template <typename S, typename V>
S with_sign(V value, std::int64_t sign) {
  if (sign > 0) return static_cast<S>(value);
  if constexpr (std::is_same_v<S, std::int32_t> || std::is_same_v<S, std::int64_t>) {
    return static_cast<S>(0 - static_cast<std::make_unsigned_t<S>>(value));
  } else {
    return -static_cast<S>(value);
  }
}

template <typename T>
void add_to(std::byte* at, T value) {
  store<T>(at, plus(load<T>(at), value));
}

// Calls `use` with a null pointer of the type in which values of `kind` are summed up, if they can
// be.
template <typename Use>
void with_sum_type(TypeKind kind, Use&& use) {
  switch (kind) {
    case TypeKind::kInt:
      return use(static_cast<std::int32_t*>(nullptr));
    case TypeKind::kBigint:
      return use(static_cast<std::int64_t*>(nullptr));
    case TypeKind::kDouble:
      return use(static_cast<double*>(nullptr));
    case TypeKind::kDecimal:
      return use(static_cast<Int128*>(nullptr));
    default:
      CHECK(!"a type without sums");
  }
}

bool can_sum(TypeKind kind) {
  return kind == TypeKind::kInt || kind == TypeKind::kBigint || kind == TypeKind::kDouble ||
         kind == TypeKind::kDecimal;
}

template <typename T>
bool further(AggregateFunction function, const T& a, const T& b) {
  return function == AggregateFunction::kMin ? a < b : b < a;
}

// Runs `use(row, sign)` for each row that counts for the call.
template <typename Use>
void for_each_counted(const Accumulators::Call& call, const Batch& batch, Use&& use) {
  const bool plain = !call.call.filter && !batch.kinds &&
                     (!call.call.argument || !batch.columns[*call.call.argument].may_have_nulls());
  if (plain) {
    for (std::size_t row = 0; row < batch.physical_rows; ++row) use(row, std::int64_t{1});
    return;
  }
  for (std::size_t row = 0; row < batch.physical_rows; ++row)
    if (Accumulators::counts(call, batch, row)) use(row, std::int64_t{sign_of(batch.kind_at(row))});
}

}  // namespace

Result<Accumulators> Accumulators::make(const std::vector<AggregateCall>& calls,
                                        const Schema& input, bool changelog) {
  std::vector<Call> prepared;
  std::vector<Type> fields = {Type::of(TypeKind::kBigint)};
  for (const AggregateCall& call : calls) {
    Call next{.call = call, .first = fields.size(), .count = fields.size() + 1};
    if (call.argument) next.argument = input.fields[*call.argument].type;
    if (!call.argument && call.function != AggregateFunction::kCount)
      return Error{Code::kInvalid, "an aggregate other than COUNT needs an argument"};
    const TypeKind kind = next.argument.kind;
    if (call.argument && kind == TypeKind::kNull)
      return Error{Code::kInvalid, "an aggregate over a bare NULL"};
    next.extreme =
        call.function == AggregateFunction::kMin || call.function == AggregateFunction::kMax;
    const bool sums =
        call.function == AggregateFunction::kSum || call.function == AggregateFunction::kAvg;
    if (sums && !can_sum(kind))
      return Error{Code::kInvalid, "NotImplemented: SUM and AVG over " + next.argument.to_string()};
    if (next.extreme && kind == TypeKind::kRow)
      return Error{Code::kInvalid, "NotImplemented: MIN and MAX over " + next.argument.to_string()};
    next.counted = next.extreme ? changelog : call.distinct && call.argument;
    for (Type& type : accumulator_types(call, input)) fields.push_back(std::move(type));
    prepared.push_back(std::move(next));
  }
  return Accumulators(std::move(prepared), PackedBlock::of(std::move(fields)));
}

Accumulators::Accumulators(std::vector<Call> calls, PackedBlock block)
    : calls_(std::move(calls)), block_(std::move(block)), initial_(block_.bytes) {
  for (const Call& call : calls_)
    if (call.extreme) set_null(initial_.data(), leaf(call.first), true);
}

bool Accumulators::counts(const Call& call, const Batch& batch, std::size_t row) {
  if (call.call.filter) {
    const Column& filter = batch.columns[*call.call.filter];
    if (filter.is_null(row) || filter.values<std::uint8_t>()[row] == 0) return false;
  }
  return !call.call.argument || !batch.columns[*call.call.argument].is_null(row);
}

void Accumulators::accumulate(const Batch& batch, const std::vector<std::uint32_t>& group_of_row,
                              std::byte* partials) const {
  const std::size_t stride = block_.bytes;
  for (std::size_t row = 0; row < batch.physical_rows; ++row)
    add_to<std::int64_t>(partials + group_of_row[row] * stride, sign_of(batch.kind_at(row)));
  for (const Call& call : calls_) {
    if (call.counted) continue;
    std::byte* first = partials + leaf(call.first).offset;
    if (call.call.function == AggregateFunction::kCount) {
      for_each_counted(call, batch, [&](std::size_t row, std::int64_t sign) {
        add_to<std::int64_t>(first + group_of_row[row] * stride, sign);
      });
    } else if (call.extreme) {
      const Column& column = batch.columns[*call.call.argument];
      for_each_counted(call, batch, [&](std::size_t row, std::int64_t) {
        add(call, column, row, 1, partials + group_of_row[row] * stride);
      });
    } else {
      const Column& column = batch.columns[*call.call.argument];
      std::byte* count = partials + leaf(call.count).offset;
      with_sum_type(call.argument.kind, [&](auto* argument) {
        with_sum_type(leaf(call.first).kind, [&](auto* sum) {
          using V = std::remove_pointer_t<decltype(argument)>;
          using S = std::remove_pointer_t<decltype(sum)>;
          const V* values = column.values<V>().data();
          for_each_counted(call, batch, [&](std::size_t row, std::int64_t sign) {
            const std::size_t at = group_of_row[row] * stride;
            add_to<S>(first + at, with_sign<S>(values[row], sign));
            add_to<std::int64_t>(count + at, sign);
          });
        });
      });
    }
  }
}

void Accumulators::add(const Call& call, const Column& argument, std::size_t row, std::int64_t sign,
                       std::byte* values) const {
  const PackedBlock::Leaf& first = leaf(call.first);
  if (call.call.function == AggregateFunction::kCount)
    return add_to<std::int64_t>(values + first.offset, sign);
  if (!call.extreme) {
    with_sum_type(call.argument.kind, [&](auto* tag) {
      with_sum_type(first.kind, [&](auto* sum) {
        using S = std::remove_pointer_t<decltype(sum)>;
        const auto value = argument.values<std::remove_pointer_t<decltype(tag)>>()[row];
        add_to<S>(values + first.offset, with_sign<S>(value, sign));
      });
    });
    return add_to<std::int64_t>(values + leaf(call.count).offset, sign);
  }
  const bool none = is_null(values, first);
  set_null(values, first, false);
  with_physical_type(first.kind, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    const T* all = argument.values<T>().data();
    if constexpr (std::is_same_v<T, std::string_view>) {
      if (none || further(call.call.function, all[row], all[load<TextRef>(values + first.offset)]))
        store<TextRef>(values + first.offset, row);
    } else {
      if (none || further(call.call.function, all[row], load<T>(values + first.offset)))
        store<T>(values + first.offset, all[row]);
    }
  });
}

namespace {

// Puts `value` there if it is further out than what is.
template <typename T>
void extend_by(AggregateFunction function, const PackedBlock::Leaf& leaf, T value,
               std::byte* values, TextStore& texts) {
  const bool none = is_null(values, leaf);
  set_null(values, leaf, false);
  if constexpr (std::is_same_v<T, std::string_view>) {
    const TextRef old = load<TextRef>(values + leaf.offset);
    if (!none && !further(function, value, texts.get(old))) return;
    if (!none) texts.drop(old);
    store<TextRef>(values + leaf.offset, texts.add(value));
  } else {
    if (none || further(function, value, load<T>(values + leaf.offset)))
      store<T>(values + leaf.offset, value);
  }
}

void merge_sums(const PackedBlock& block, const Accumulators::Call& call, const std::byte* from,
                std::byte* values) {
  const PackedBlock::Leaf& first = block.leaf_of(call.first);
  if (call.call.function == AggregateFunction::kCount)
    return add_to<std::int64_t>(values + first.offset, load<std::int64_t>(from + first.offset));
  with_sum_type(first.kind, [&](auto* sum) {
    using S = std::remove_pointer_t<decltype(sum)>;
    add_to<S>(values + first.offset, load<S>(from + first.offset));
  });
  const PackedBlock::Leaf& count = block.leaf_of(call.count);
  add_to<std::int64_t>(values + count.offset, load<std::int64_t>(from + count.offset));
}

}  // namespace

void Accumulators::merge_partial(const std::byte* partial, const Batch& batch, std::byte* values,
                                 TextStore& texts) const {
  add_to<std::int64_t>(values, rows(partial));
  for (const Call& call : calls_) {
    if (!call.extreme) {
      merge_sums(block_, call, partial, values);
      continue;
    }
    const PackedBlock::Leaf& at = leaf(call.first);
    if (is_null(partial, at)) continue;
    with_physical_type(at.kind, [&](auto* tag) {
      using T = std::remove_pointer_t<decltype(tag)>;
      if constexpr (std::is_same_v<T, std::string_view>) {
        const auto row = load<TextRef>(partial + at.offset);
        extend_by<T>(call.call.function, at, batch.columns[*call.call.argument].values<T>()[row],
                     values, texts);
      } else {
        extend_by<T>(call.call.function, at, load<T>(partial + at.offset), values, texts);
      }
    });
  }
}

void Accumulators::merge_slice(StoredBlock slice, std::byte* values, TextStore& texts) const {
  add_to<std::int64_t>(values, rows(slice.bytes));
  for (const Call& call : calls_) {
    if (call.extreme) {
      if (!is_null(slice.bytes, leaf(call.first)))
        extend(call, leaf(call.first), slice, values, texts);
    } else if (!call.counted) {
      merge_sums(block_, call, slice.bytes, values);
    }
  }
}

void Accumulators::extend(const Call& call, const PackedBlock::Leaf& at, StoredBlock from,
                          std::byte* values, TextStore& texts) const {
  with_physical_type(at.kind, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    if constexpr (std::is_same_v<T, std::string_view>) {
      extend_by<T>(call.call.function, leaf(call.first),
                   from.texts->get(load<TextRef>(from.bytes + at.offset)), values, texts);
    } else {
      extend_by<T>(call.call.function, leaf(call.first), load<T>(from.bytes + at.offset), values,
                   texts);
    }
  });
}

bool Accumulators::is_extreme(const Call& call, StoredBlock values, const Column& argument,
                              std::size_t row) const {
  const PackedBlock::Leaf& at = leaf(call.first);
  if (is_null(values.bytes, at)) return false;
  return with_physical_type(at.kind, [&](auto* tag) -> bool {
    using T = std::remove_pointer_t<decltype(tag)>;
    const T value = argument.values<T>()[row];
    if constexpr (std::is_same_v<T, std::string_view>) {
      return values.texts->get(load<TextRef>(values.bytes + at.offset)) == value;
    } else {
      const T now = load<T>(values.bytes + at.offset);
      return !(now < value) && !(value < now);
    }
  });
}

void Accumulators::clear_extreme(const Call& call, std::byte* values, TextStore& texts) const {
  const PackedBlock::Leaf& at = leaf(call.first);
  if (at.kind == TypeKind::kString && !is_null(values, at))
    texts.drop(load<TextRef>(values + at.offset));
  std::memset(values + at.offset, 0, at.width);
  set_null(values, at, true);
}

}  // namespace penstock
