#include "controllers/api/yaml.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

namespace penstock::api {
namespace {

using Ordered = nlohmann::ordered_json;

// Only text that no reader takes for something else, and that needs no quoting, goes plain.
bool is_plain(const std::string& text) {
  constexpr std::array<std::string_view, 12> kWords = {"true", "false", "null", "yes", "no",  "on",
                                                       "off",  "y",     "n",    "inf", "nan", "~"};
  if (text.empty() || !std::isalpha(static_cast<unsigned char>(text.front()))) return false;
  if (text.back() == ' ' || text.back() == ':') return false;
  std::string lower;
  for (const char c : text) {
    const bool word = std::isalnum(static_cast<unsigned char>(c));
    if (!word && std::string_view(" .-/_,;()=+").find(c) == std::string_view::npos) return false;
    lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return std::ranges::find(kWords, lower) == kWords.end();
}

std::string scalar(const Ordered& value) {
  if (value.is_object()) return "{}";
  if (value.is_array()) return "[]";
  if (value.is_string() && is_plain(value.get_ref<const std::string&>())) return value;
  return value.dump();
}

std::string key_text(const std::string& key) { return is_plain(key) ? key : Ordered(key).dump(); }

bool is_block(const Ordered& value) { return value.is_structured() && !value.empty(); }

void write(const Ordered& value, const std::string& indent, std::string& out);

// One entry after its "key:" or "-". A list starts at the indentation of its key.
void write_entry(const Ordered& value, const std::string& indent, std::string& out) {
  if (!is_block(value)) {
    out += " " + scalar(value) + "\n";
    return;
  }
  out += "\n";
  write(value, value.is_array() ? indent : indent + "  ", out);
}

void write(const Ordered& value, const std::string& indent, std::string& out) {
  if (value.is_array()) {
    for (const Ordered& item : value) {
      if (!is_block(item)) {
        out += indent + "- " + scalar(item) + "\n";
        continue;
      }
      std::string block;
      write(item, indent + "  ", block);
      block[indent.size()] = '-';
      out += block;
    }
    return;
  }
  for (const auto& [key, member] : value.items()) {
    out += indent + key_text(key) + ":";
    write_entry(member, indent, out);
  }
}

}  // namespace

std::string to_yaml(const Ordered& value) {
  if (!is_block(value)) return scalar(value) + "\n";
  std::string out;
  write(value, "", out);
  return out;
}

}  // namespace penstock::api
