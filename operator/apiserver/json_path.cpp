#include "operator/apiserver/json_path.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace penstock::apiserver {

namespace {

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '\'' || text.front() == '"')) {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

const Json* member(const Json* value, std::string_view name) {
  if (value == nullptr || !value->is_object()) return nullptr;
  const auto found = value->find(name);
  return found == value->end() ? nullptr : &*found;
}

// The first element for which a "?(@.field==value)" filter holds.
const Json* filtered(const Json* list, std::string_view filter) {
  const std::size_t begin = filter.find("@.");
  const std::size_t equals = filter.find("==");
  const std::size_t end = filter.rfind(')');
  if (list == nullptr || !list->is_array() || begin == std::string_view::npos ||
      equals == std::string_view::npos || end == std::string_view::npos || equals < begin) {
    return nullptr;
  }
  const auto trim = [](std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
  };
  const std::string_view name = trim(filter.substr(begin + 2, equals - begin - 2));
  const std::string_view wanted = unquoted(trim(filter.substr(equals + 2, end - equals - 2)));
  for (const Json& item : *list) {
    const Json* value = member(&item, name);
    if (value != nullptr && value->is_string() && value->get_ref<const std::string&>() == wanted) {
      return &item;
    }
  }
  return nullptr;
}

const Json* subscript(const Json* value, std::string_view text) {
  if (text.starts_with("?")) return filtered(value, text);
  if (text.starts_with("'") || text.starts_with("\"")) return member(value, unquoted(text));
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  const bool is_index = error == std::errc() && end == text.data() + text.size();
  if (!is_index || value == nullptr || !value->is_array() || index >= value->size()) return nullptr;
  return &(*value)[index];
}

}  // namespace

const Json* find_path(const Json& object, std::string_view path) {
  const Json* value = &object;
  while (!path.empty() && value != nullptr) {
    if (path.front() == '[') {
      const std::size_t end = path.find(']');
      if (end == std::string_view::npos) return nullptr;
      value = subscript(value, path.substr(1, end - 1));
      path.remove_prefix(end + 1);
      continue;
    }
    if (path.front() == '.') path.remove_prefix(1);
    const std::size_t end = std::min(path.find_first_of(".["), path.size());
    value = member(value, path.substr(0, end));
    path.remove_prefix(end);
  }
  return value;
}

std::vector<std::string> path_fields(std::string_view path) {
  std::vector<std::string> fields;
  while (!path.empty()) {
    if (path.front() == '.') path.remove_prefix(1);
    const std::size_t end = std::min(path.find('.'), path.size());
    if (end > 0) fields.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return fields;
}

void set_path(Json& object, std::string_view path, const Json& value) {
  Json* place = &object;
  for (const std::string& field : path_fields(path)) {
    if (!place->is_object()) *place = Json::object();
    place = &(*place)[field];
  }
  *place = value;
}

std::string text_at(const Json& object, std::string_view path) {
  const Json* value = find_path(object, path);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

}  // namespace penstock::apiserver
