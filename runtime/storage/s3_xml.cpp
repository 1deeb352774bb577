#include "runtime/storage/s3_xml.h"

#include <optional>
#include <pugixml.hpp>

namespace penstock::s3 {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What encoding-type=url did to a key.
std::optional<std::string> decode_key(std::string_view text) {
  std::string key;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      key += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    key += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return key;
}

Error no_list(std::string_view why) {
  return {Code::kUnavailable, "the answer is not a list of S3 objects (" + std::string(why) +
                                  "); does the endpoint serve S3?"};
}

}  // namespace

ErrorText read_error_text(std::string_view xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) return {};
  const pugi::xml_node error = document.child("Error");
  return {error.child("Code").text().get(), error.child("Message").text().get(),
          error.child("Region").text().get()};
}

Result<ListText> read_list_text(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(xml.data(), xml.size());
  if (!parsed) return no_list(parsed.description());
  const pugi::xml_node root = document.child("ListBucketResult");
  if (!root) return no_list("no ListBucketResult");
  const bool encoded = std::string_view(root.child("EncodingType").text().get()) == "url";
  ListText list;
  for (const pugi::xml_node object : root.children("Contents")) {
    const std::string_view text = object.child("Key").text().get();
    const auto key = encoded ? decode_key(text) : std::string(text);
    if (!key || key->empty()) return no_list("a key cannot be read");
    list.keys.push_back(*key);
  }
  list.truncated = root.child("IsTruncated").text().as_bool();
  list.next_token = root.child("NextContinuationToken").text().get();
  if (list.truncated && list.next_token.empty()) return no_list("there is more, but no token");
  return list;
}

}  // namespace penstock::s3
