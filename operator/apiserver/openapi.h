#pragma once

#include <map>
#include <string>

#include "operator/apiserver/kinds.h"

namespace penstock::apiserver {

// The OpenAPI documents, made once: clients cache them by the hash in their address.
class OpenApi {
 public:
  explicit OpenApi(const KindTable& kinds);

  struct Document {
    std::string json;
    std::string hash;
  };
  const std::string& index() const { return index_; }
  // "api/v1", "apis/penstock.dev/v1alpha1"; null when there is none.
  const Document* document(const std::string& path) const;

 private:
  std::map<std::string, Document> documents_;
  std::string index_;
};

// A valid OpenAPI v2 document without definitions: kubectl apply asks for one (as protobuf only)
// and then goes by what it knows itself.
std::string openapi_v2_json();
std::string openapi_v2_protobuf();

}  // namespace penstock::apiserver
