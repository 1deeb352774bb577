#include "runtime/storage/s3_xml.h"

#include <pugixml.hpp>

#include "runtime/base/percent.h"

namespace penstock::s3 {
namespace {

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
    const auto key = encoded ? decode_percent(text) : std::string(text);
    if (!key || key->empty()) return no_list("a key cannot be read");
    list.keys.push_back(*key);
  }
  list.truncated = root.child("IsTruncated").text().as_bool();
  list.next_token = root.child("NextContinuationToken").text().get();
  if (list.truncated && list.next_token.empty()) return no_list("there is more, but no token");
  return list;
}

}  // namespace penstock::s3
