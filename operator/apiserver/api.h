#pragma once

#include <string>

#include "operator/apiserver/api_server.h"
#include "operator/apiserver/kinds.h"
#include "operator/apiserver/openapi.h"
#include "operator/apiserver/request.h"
#include "operator/apiserver/store.h"
#include "operator/apiserver/watch.h"
#include "operator/apiserver/writer.h"
#include "runtime/base/guarded.h"
#include "runtime/http/server.h"

namespace penstock::apiserver {

// The HTTP face: route -> verb -> store. Any thread; reads run side by side, writes one at a time.
class Api {
 public:
  Api(Store& store, KindTable kinds, Clock& clock, const ApiServerOptions& options,
      std::string token, std::uint64_t seed);

  Status prepare_cluster();
  http::Reply handle(const http::Request& request);

 private:
  struct Call;  // a request, taken apart
  Answer<http::Reply> answer(const Call& call);
  Answer<http::Reply> document(const Call& call);
  Answer<http::Reply> discovery(const Call& call);
  Answer<http::Reply> openapi(const Call& call);
  Answer<http::Reply> unknown(const Call& call);
  Answer<http::Reply> connect(const Call& call, const Route& route);
  Answer<http::Reply> resource(const Call& call, const Route& route);
  Answer<http::Reply> read_one(const Call& call, const Route& route);
  Answer<http::Reply> read_many(const Call& call, const Route& route);
  Answer<http::Reply> watch(const Call& call, WatchRequest wanted);
  Answer<http::Reply> write(const Call& call, const Route& route);
  Answer<http::Reply> remove(const Call& call, const Route& route);
  Answer<Written> patch(const Call& call, const Route& route);
  Answer<Written> special_write(const Call& call, const Route& route);
  FindLog log_of(const ObjectKey& key) const;
  bool authorised(const Call& call) const;

  Store& store_;
  KindTable kinds_;
  Clock& clock_;
  FindLog find_log_;
  std::string token_;
  OpenApi openapi_;
  Guarded<std::unique_ptr<Writer>> writer_;
};

}  // namespace penstock::apiserver
