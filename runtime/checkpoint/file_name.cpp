#include "runtime/checkpoint/file_name.h"

#include <charconv>

namespace penstock {
namespace {

constexpr std::size_t kLogIdDigits = 16;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '.' || c == '-';
}

// Takes "123-" from the front of `text`.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || end == text.data() + text.size() || *end != '-') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return number;
}

}  // namespace

std::string checkpoint_file_name(const FileOwner& owner, std::string_view operator_name,
                                 std::uint32_t subtask, std::uint64_t counter) {
  std::string name = owner.log_id + "-" + std::to_string(owner.epoch.value) + "-" +
                     std::to_string(owner.checkpoint.value) + "-";
  for (const char c : operator_name.substr(0, 80)) name += is_plain(c) ? c : '_';
  return name + "-" + std::to_string(subtask) + "-" + std::to_string(counter);
}

std::optional<FileOwner> owner_of_file(std::string_view name) {
  if (const std::size_t slash = name.rfind('/'); slash != std::string_view::npos)
    name.remove_prefix(slash + 1);
  std::string_view id = name.substr(0, kLogIdDigits);
  if (id.size() < kLogIdDigits || name.size() <= kLogIdDigits || name[kLogIdDigits] != '-')
    return std::nullopt;
  for (const char c : id)
    if (!is_hex(c)) return std::nullopt;
  name.remove_prefix(kLogIdDigits + 1);
  const auto epoch = take_number(name);
  if (!epoch) return std::nullopt;
  const auto checkpoint = take_number(name);
  if (!checkpoint) return std::nullopt;
  return FileOwner{std::string(id), {*epoch}, {*checkpoint}};
}

}  // namespace penstock
