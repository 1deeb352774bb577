#include <algorithm>
#include <array>

#include "runtime/base/utf8.h"
#include "runtime/expr/like_pattern.h"
#include "runtime/expr/row_node.h"

namespace penstock {
namespace {

using L = std::int64_t;
using S = std::string_view;

// No result may be longer: REPEAT and LPAD could ask for more memory than there is.
constexpr std::size_t kLongest = std::size_t{1} << 26;

std::vector<NodePtr> list_of(NodePtr a) {
  std::vector<NodePtr> all;
  all.push_back(std::move(a));
  return all;
}

std::uint32_t upper_of(std::uint32_t code) { return to_upper(code); }
std::uint32_t lower_of(std::uint32_t code) { return to_lower(code); }

template <std::uint32_t (*convert)(std::uint32_t)>
S converted(RowScratch& scratch, S text) {
  if (is_ascii(text)) {
    char* out = scratch.arena.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i)
      out[i] = static_cast<char>(convert(static_cast<unsigned char>(text[i])));
    return {out, text.size()};
  }
  scratch.buffer.clear();
  for (S rest = text; !rest.empty(); rest.remove_prefix(character_length(rest))) {
    const S one = rest.substr(0, character_length(rest));
    if (one.size() == 1 && static_cast<unsigned char>(one[0]) >= 0x80) {
      scratch.buffer += one;  // no UTF-8: as it is
    } else {
      append_character(scratch.buffer, convert(decode_character(one)));
    }
  }
  return scratch.arena.copy(scratch.buffer);
}

template <std::uint32_t (*convert)(std::uint32_t)>
Result<NodePtr> make_case_change(KernelCall call) {
  return over_rows<S>(
      call, [](RowScratch& scratch, S text) { return converted<convert>(scratch, text); });
}

Result<NodePtr> make_initcap(KernelCall call) {
  return over_rows<S>(call, [](RowScratch& scratch, S text) -> S {
    const S lower = converted<lower_of>(scratch, text);
    char* out = scratch.arena.reserve(lower.size());
    bool begins = true;
    for (std::size_t i = 0; i < lower.size(); ++i) {
      const char c = lower[i];
      const bool letter = c >= 'a' && c <= 'z';
      out[i] = letter && begins ? static_cast<char>(c - 32) : c;
      begins = !letter && !(c >= '0' && c <= '9') && static_cast<unsigned char>(c) < 0x80;
    }
    return {out, lower.size()};
  });
}

Result<NodePtr> make_length(KernelCall call) {
  return over_rows<S>(
      call, [](RowScratch&, S text) { return static_cast<std::int32_t>(count_characters(text)); });
}

bool contains(S set, S one) {
  for (; !set.empty(); set.remove_prefix(character_length(set)))
    if (set.substr(0, character_length(set)) == one) return true;
  return false;
}

S trim_front(S text, S set) {
  while (!text.empty()) {
    const S one = text.substr(0, character_length(text));
    if (!contains(set, one)) break;
    text.remove_prefix(one.size());
  }
  return text;
}

S trim_back(S text, S set) {
  while (!text.empty()) {
    std::size_t at = text.size() - 1;
    while (at > 0 && text.size() - at < 4 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80)
      --at;
    if (!contains(set, text.substr(at))) break;
    text.remove_suffix(text.size() - at);
  }
  return text;
}

template <bool front, bool back>
Result<NodePtr> make_trim(KernelCall call) {
  const auto trim = [](S text, S set) {
    if (front) text = trim_front(text, set);
    return back ? trim_back(text, set) : text;
  };
  if (call.inputs.size() == 1)
    return over_rows<S>(call, [trim](RowScratch&, S text) { return trim(text, " "); });
  return over_rows<S, S>(call, [trim](RowScratch&, S text, S set) { return trim(text, set); });
}

// From character `start`: 1 is the first, -1 the last, 0 counts as 1. Before the first: nothing.
S substring(S text, L start, L count) {
  if (count <= 0) return {};
  if (start < 0) {
    const auto size = static_cast<L>(count_characters(text));
    if (start < -size) return {};
    start += size + 1;
  }
  if (start == 0) start = 1;
  const auto limit = static_cast<L>(text.size());
  if (start > limit) return {};
  return characters(text, static_cast<std::size_t>(start - 1),
                    static_cast<std::size_t>(std::min(count, limit)));
}

Result<NodePtr> make_substring(KernelCall call) {
  if (call.inputs.size() == 2)
    return over_rows<S, L>(
        call, [](RowScratch&, S text, L start) { return substring(text, start, INT64_MAX); });
  return over_rows<S, L, L>(
      call, [](RowScratch&, S text, L start, L count) { return substring(text, start, count); });
}

Result<NodePtr> make_left(KernelCall call) {
  return over_rows<S, L>(call,
                         [](RowScratch&, S text, L count) { return substring(text, 1, count); });
}

Result<NodePtr> make_right(KernelCall call) {
  return over_rows<S, L>(call, [](RowScratch&, S text, L count) -> S {
    if (count <= 0) return {};
    const auto size = static_cast<L>(count_characters(text));
    return count >= size ? text : substring(text, -count, count);
  });
}

// 1-based position of `part` in characters, from `start` on; 0: not there.
std::int32_t locate(S part, S text, L start) {
  if (start <= 0) return 0;
  const std::size_t from = offset_of_character(text, static_cast<std::size_t>(start - 1));
  if (static_cast<std::size_t>(start - 1) > count_characters(text)) return 0;
  const std::size_t at = text.find(part, from);
  return at == text.npos ? 0 : static_cast<std::int32_t>(count_characters(text.substr(0, at)) + 1);
}

Result<NodePtr> make_locate(KernelCall call) {
  if (call.inputs.size() == 2)
    return over_rows<S, S>(call, [](RowScratch&, S part, S text) { return locate(part, text, 1); });
  return over_rows<S, S, L>(
      call, [](RowScratch&, S part, S text, L start) { return locate(part, text, start); });
}

Result<NodePtr> make_starts_with(KernelCall call) {
  return over_rows<S, S>(
      call, [](S text, S part) { return static_cast<std::uint8_t>(text.starts_with(part)); });
}

S joined(RowScratch& scratch, S a, S b) {
  char* out = scratch.arena.reserve(a.size() + b.size());
  std::ranges::copy(b, std::ranges::copy(a, out).out);
  return {out, a.size() + b.size()};
}

// Any number of texts; all of them or, WITH_SEPARATOR, those that are not NULL, joined.
class ConcatNode final : public ExprNode {
 public:
  ConcatNode(Type type, std::vector<NodePtr> inputs, bool separated)
      : type_(std::move(type)), inputs_(std::move(inputs)), separated_(separated) {
    for (const NodePtr& input : inputs_) pure = pure && input->pure;
  }

  Result<Operand> run(const Frame& frame) override {
    std::vector<Operand> in;
    bool scalar = true;
    for (const NodePtr& input : inputs_) {
      TRY_ASSIGN(Operand operand, input->run(frame));
      scalar = scalar && operand.scalar;
      in.push_back(std::move(operand));
    }
    const std::size_t rows = scalar ? 1 : frame.rows;
    ColumnBuilder out(type_.as_nullable(), rows);
    std::string text;
    for (std::size_t row = 0; row < rows; ++row) append(in, row, text, out);
    return Operand{out.finish(), scalar};
  }

 private:
  void append(const std::vector<Operand>& in, std::size_t row, std::string& text,
              ColumnBuilder& out) const {
    text.clear();
    const auto at = [row](const Operand& operand) { return operand.scalar ? 0 : row; };
    const auto null = [&](const Operand& operand) { return operand.column.is_null(at(operand)); };
    const auto view = [&](const Operand& operand) {
      return operand.column.values<S>()[at(operand)];
    };
    bool first = true;
    for (std::size_t i = separated_ ? 1 : 0; i < in.size(); ++i) {
      if (separated_ ? null(in[0]) : null(in[i])) return out.append_null();
      if (null(in[i])) continue;
      if (separated_ && !first) text += view(in[0]);
      first = false;
      text += view(in[i]);
    }
    if (separated_ && null(in[0])) return out.append_null();
    out.append_physical(S(text));
  }

  Type type_;
  std::vector<NodePtr> inputs_;
  bool separated_;
};

template <bool separated>
Result<NodePtr> make_concat(KernelCall call) {
  if (!separated && call.inputs.size() == 2) return over_rows<S, S>(call, joined);
  return NodePtr(std::make_unique<ConcatNode>(call.type(), std::move(call.inputs), separated));
}

Result<NodePtr> make_replace(KernelCall call) {
  return over_rows<S, S, S>(call, [](RowScratch& scratch, S text, S part, S by) -> S {
    if (part.empty() || text.find(part) == text.npos) return text;
    scratch.buffer.clear();
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part)) {
      scratch.buffer += text.substr(0, at);
      scratch.buffer += by;
      text.remove_prefix(at + part.size());
    }
    scratch.buffer += text;
    return scratch.arena.copy(scratch.buffer);
  });
}

bool too_long(RowScratch& scratch, S function, std::size_t bytes) {
  if (bytes <= kLongest) return false;
  scratch.fail(std::string(function) + " would make a text of more than " +
               std::to_string(kLongest) + " bytes");
  return true;
}

// Text of exactly `size` characters; NULL for a negative size or nothing to pad with.
template <bool left>
std::optional<S> pad(RowScratch& scratch, S text, L size, S with) {
  if (size < 0) return std::nullopt;
  const auto wanted = static_cast<std::size_t>(size);
  const std::size_t have = count_characters(text);
  if (wanted <= have) return characters(text, 0, wanted);
  if (with.empty()) return std::nullopt;
  if (too_long(scratch, left ? "LPAD" : "RPAD", wanted)) return std::nullopt;
  std::string& padding = scratch.buffer;
  padding.clear();
  std::size_t missing = wanted - have;
  for (S rest = with; missing > 0; --missing) {
    const std::size_t length = character_length(rest);
    padding += rest.substr(0, length);
    rest.remove_prefix(length);
    if (rest.empty()) rest = with;
  }
  return left ? joined(scratch, padding, text) : joined(scratch, text, padding);
}

template <bool left>
Result<NodePtr> make_pad(KernelCall call) {
  if (call.inputs.size() == 2)
    return over_rows<S, L>(call, [](RowScratch& scratch, S text, L size) {
      return pad<left>(scratch, text, size, " ");
    });
  return over_rows<S, L, S>(call, pad<left>);
}

Result<NodePtr> make_repeat(KernelCall call) {
  return over_rows<S, L>(call, [](RowScratch& scratch, S text, L count) -> S {
    if (count <= 0 || text.empty()) return {};
    const std::size_t times = std::min<std::size_t>(static_cast<std::size_t>(count), kLongest + 1);
    if (too_long(scratch, "REPEAT", times * text.size())) return {};
    char* out = scratch.arena.reserve(times * text.size());
    for (std::size_t i = 0; i < times; ++i) std::ranges::copy(text, out + i * text.size());
    return {out, times * text.size()};
  });
}

Result<NodePtr> make_reverse(KernelCall call) {
  return over_rows<S>(call, [](RowScratch& scratch, S text) -> S {
    char* out = scratch.arena.reserve(text.size());
    char* at = out + text.size();
    for (S rest = text; !rest.empty(); rest.remove_prefix(character_length(rest))) {
      at -= character_length(rest);
      std::ranges::copy(rest.substr(0, character_length(rest)), at);
    }
    return {out, text.size()};
  });
}

Result<NodePtr> make_split_index(KernelCall call) {
  return over_rows<S, S, L>(call, [](RowScratch&, S text, S by, L index) -> std::optional<S> {
    if (index < 0 || by.empty()) return std::nullopt;
    for (; index > 0; --index) {
      const std::size_t at = text.find(by);
      if (at == text.npos) return std::nullopt;
      text.remove_prefix(at + by.size());
    }
    return text.substr(0, text.find(by));
  });
}

Result<NodePtr> make_ascii(KernelCall call) {
  return over_rows<S>(call, [](RowScratch&, S text) {
    return text.empty() ? 0 : static_cast<std::int32_t>(decode_character(text));
  });
}

// The character number n % 256; a negative one is the empty text.
Result<NodePtr> make_chr(KernelCall call) {
  return over_rows<L>(call, [](RowScratch& scratch, L code) -> S {
    if (code < 0) return {};
    scratch.buffer.clear();
    append_character(scratch.buffer, static_cast<std::uint32_t>(code & 0xFF));
    return scratch.arena.copy(scratch.buffer);
  });
}

std::uint8_t like_once(RowScratch& scratch, S text, S pattern, S escape) {
  if (escape.size() > 1) {
    scratch.fail("ESCAPE of LIKE is one ASCII character, not '" + std::string(escape) + "'");
    return 0;
  }
  const auto compiled = LikePattern::parse(pattern, escape.empty() ? '\0' : escape[0]);
  if (!compiled) {
    scratch.fail(compiled.error().message);
    return 0;
  }
  return compiled->matches(text) ? 1 : 0;
}

Result<NodePtr> make_like(KernelCall call) {
  const auto pattern = constant_of<S>(*call.inputs[1]);
  const auto escape = call.inputs.size() == 3 ? constant_of<S>(*call.inputs[2]) : S{};
  if (pattern && escape && escape->size() <= 1) {
    TRY_ASSIGN(LikePattern compiled,
               LikePattern::parse(*pattern, escape->empty() ? '\0' : (*escape)[0]));
    const auto shared = std::make_shared<const LikePattern>(std::move(compiled));
    return over_rows<S>(call.type(), list_of(std::move(call.inputs[0])),
                        [shared](RowScratch&, S text) {
                          return static_cast<std::uint8_t>(shared->matches(text) ? 1 : 0);
                        });
  }
  if (call.inputs.size() == 2)
    return over_rows<S, S>(
        call, [](RowScratch& scratch, S text, S p) { return like_once(scratch, text, p, ""); });
  return over_rows<S, S, S>(call, like_once);
}

constexpr std::array kKernels = {
    Kernel{"ASCII", make_ascii},
    Kernel{"BTRIM", make_trim<true, true>},
    Kernel{"CHAR_LENGTH", make_length},
    Kernel{"CHR", make_chr},
    Kernel{"CONCAT", make_concat<false>},
    Kernel{"CONCAT_WS", make_concat<true>},
    Kernel{"INITCAP", make_initcap},
    Kernel{"LEFT", make_left},
    Kernel{"LIKE", make_like},
    Kernel{"LOCATE", make_locate},
    Kernel{"LOWER", make_case_change<lower_of>},
    Kernel{"LPAD", make_pad<true>},
    Kernel{"LTRIM", make_trim<true, false>},
    Kernel{"REPEAT", make_repeat},
    Kernel{"REPLACE", make_replace},
    Kernel{"REVERSE", make_reverse},
    Kernel{"RIGHT", make_right},
    Kernel{"RPAD", make_pad<false>},
    Kernel{"RTRIM", make_trim<false, true>},
    Kernel{"SPLIT_INDEX", make_split_index},
    Kernel{"STARTSWITH", make_starts_with},
    Kernel{"SUBSTRING", make_substring},
    Kernel{"UPPER", make_case_change<upper_of>},
    Kernel{"||", make_concat<false>},
};

}  // namespace

std::span<const Kernel> text_kernels() { return kKernels; }

}  // namespace penstock
