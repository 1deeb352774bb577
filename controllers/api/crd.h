#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::api {

// The kinds of group penstock.dev, in the order of documentation.
std::vector<std::string_view> kinds();

// The CustomResourceDefinition of one of kinds() as JSON text, keys in the order people expect.
std::string crd_json(std::string_view kind);

// The OpenAPI v3 schema of one of kinds() as JSON text: with apiVersion, kind, metadata, spec,
// status.
std::string schema_json(std::string_view kind);

// A file of the repository that is made from the field lists. The path is relative to its root.
struct GeneratedFile {
  std::string path, text;
};
std::vector<GeneratedFile> generated_files();

}  // namespace penstock::api
