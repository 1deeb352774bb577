#include "operator/k8s/object.h"

#include <simdjson.h>

#include <utility>

#include "operator/k8s/watch_frame.h"
#include "runtime/base/log.h"

namespace penstock::k8s {
namespace {

namespace dom = simdjson::dom;

std::string text_of(const dom::object& object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::int64_t number_of(const dom::object& object, std::string_view key) {
  std::int64_t number = 0;
  return object[key].get(number) == simdjson::SUCCESS ? number : 0;
}

void read_owner(const dom::object& metadata, ObjectMeta& meta) {
  dom::array owners;
  if (metadata["ownerReferences"].get(owners) != simdjson::SUCCESS) return;
  for (const dom::element element : owners) {
    dom::object owner;
    bool controller = false;
    if (element.get(owner) != simdjson::SUCCESS) continue;
    if (owner["controller"].get(controller) != simdjson::SUCCESS || !controller) continue;
    meta.controller_uid = text_of(owner, "uid");
    meta.controller_name = text_of(owner, "name");
  }
}

ObjectMeta read_meta(const dom::object& metadata) {
  ObjectMeta meta;
  meta.key = {text_of(metadata, "namespace"), text_of(metadata, "name")};
  meta.uid = text_of(metadata, "uid");
  meta.resource_version = text_of(metadata, "resourceVersion");
  meta.generation = number_of(metadata, "generation");
  meta.deleting = !text_of(metadata, "deletionTimestamp").empty();
  read_owner(metadata, meta);
  dom::object labels;
  if (metadata["labels"].get(labels) == simdjson::SUCCESS) {
    for (const auto field : labels) {
      std::string_view value;
      if (field.value.get(value) == simdjson::SUCCESS) meta.labels.emplace(field.key, value);
    }
  }
  return meta;
}

// Writes an object's fields but the one called `without`.
void write_without(const dom::object& object, std::string_view without, std::string& out,
                   const dom::object* metadata) {
  out += '{';
  bool first = true;
  for (const auto field : object) {
    if (field.key == without) continue;
    if (!std::exchange(first, false)) out += ',';
    out += log::quote_json(field.key);
    out += ':';
    if (metadata != nullptr && field.key == "metadata") {
      write_without(*metadata, "managedFields", out, nullptr);
    } else {
      out += simdjson::to_string(field.value);
    }
  }
  out += '}';
}

Result<Object> to_object(const dom::element& element) {
  dom::object object, metadata;
  if (element.get(object) != simdjson::SUCCESS ||
      object["metadata"].get(metadata) != simdjson::SUCCESS) {
    return Error{Code::kInvalid, "the API server sent an object without metadata"};
  }
  ObjectMeta meta = read_meta(metadata);
  if (meta.key.name.empty()) {
    return Error{Code::kInvalid, "the API server sent an object without metadata.name"};
  }
  // managedFields are large and needed only to name two writers of one job's parallelism.
  const bool managers_matter = text_of(object, "kind") == "StreamJob";
  std::string text;
  write_without(object, "", text, managers_matter ? nullptr : &metadata);
  text.shrink_to_fit();
  return Object(std::move(meta), std::move(text));
}

Result<dom::element> parse_json(dom::parser& parser, std::string_view json) {
  dom::element element;
  if (const auto code = parser.parse(json.data(), json.size()).get(element)) {
    return Error{Code::kInvalid, "the API server sent something that is no JSON: " +
                                     std::string(simdjson::error_message(code))};
  }
  return element;
}

}  // namespace

Object::Object(ObjectMeta meta, std::string text)
    : state_(std::make_shared<const State>(State{std::move(meta), std::move(text)})) {}

Result<Object> Object::parse(std::string_view json) {
  dom::parser parser;
  TRY_ASSIGN(const dom::element element, parse_json(parser, json));
  return to_object(element);
}

Result<ObjectList> parse_list(std::string_view json) {
  dom::parser parser;
  TRY_ASSIGN(const dom::element element, parse_json(parser, json));
  dom::object list, metadata;
  dom::array items;
  if (element.get(list) != simdjson::SUCCESS ||
      list["metadata"].get(metadata) != simdjson::SUCCESS) {
    return Error{Code::kInvalid, "the API server sent a list without metadata"};
  }
  ObjectList out;
  out.resource_version = text_of(metadata, "resourceVersion");
  out.continue_token = text_of(metadata, "continue");
  if (list["items"].get(items) != simdjson::SUCCESS) return out;  // null is an empty list
  out.items.reserve(items.size());
  for (const dom::element item : items) {
    TRY_ASSIGN(Object object, to_object(item));
    out.items.push_back(std::move(object));
  }
  return out;
}

Result<WatchFrame> parse_frame(std::string_view line) {
  dom::parser parser;
  TRY_ASSIGN(const dom::element element, parse_json(parser, line));
  dom::object frame;
  dom::element body;
  if (element.get(frame) != simdjson::SUCCESS || frame["object"].get(body) != simdjson::SUCCESS) {
    return Error{Code::kInvalid, "a watch frame without an object"};
  }
  const std::string type = text_of(frame, "type");
  if (type == "ERROR") return WatchFrame{to_failure(0, simdjson::to_string(body))};
  if (type == "BOOKMARK") {
    dom::object object, metadata;
    if (body.get(object) != simdjson::SUCCESS ||
        object["metadata"].get(metadata) != simdjson::SUCCESS) {
      return Error{Code::kInvalid, "a bookmark without metadata"};
    }
    dom::object annotations;
    const bool ends = metadata["annotations"].get(annotations) == simdjson::SUCCESS &&
                      text_of(annotations, "k8s.io/initial-events-end") == "true";
    return WatchFrame{Bookmark{text_of(metadata, "resourceVersion"), ends}};
  }
  TRY_ASSIGN(Object object, to_object(body));
  using Kind = Changed::Kind;
  if (type == "ADDED") return WatchFrame{Changed{Kind::kAdded, std::move(object)}};
  if (type == "MODIFIED") return WatchFrame{Changed{Kind::kModified, std::move(object)}};
  if (type == "DELETED") return WatchFrame{Changed{Kind::kDeleted, std::move(object)}};
  return Error{Code::kInvalid, "a watch frame of an unknown type: " + type};
}

bool version_at_least(std::string_view version, std::string_view wanted) {
  if (version.size() != wanted.size()) return version.size() > wanted.size();
  return version >= wanted;
}

}  // namespace penstock::k8s
