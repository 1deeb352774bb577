#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "operator/apiserver/failure.h"
#include "operator/apiserver/json.h"
#include "operator/apiserver/request.h"
#include "operator/apiserver/store.h"

namespace penstock::apiserver {

// Where a page begins, as a client carries it from one to the next: behind an object, in the list
// as it was at a revision. No revision: in the list as it is now, for who came too late.
struct PagePlace {
  std::optional<Revision> revision;
  std::string name_space, name;
  friend bool operator==(const PagePlace&, const PagePlace&) = default;
};
std::string to_token(const PagePlace& place);
std::optional<PagePlace> from_token(const std::string& token);

struct PageRequest {
  std::size_t limit = 0;  // 0: all
  std::optional<PagePlace> after;
  std::optional<Revision> exact;  // the list as it was then, without a token
};
// `limit` and `continue` of a LIST. A limit does not count with resourceVersion=0, as on a real
// server, which then answers from its cache.
Answer<PageRequest> parse_page(const Query& query);

// The list that the request goes through. 410, with a token to go on all the same, when the
// revision is no longer known.
Answer<Listing> listing_for(const Store& store, const std::string& kind,
                            const std::optional<std::string>& name_space, const PageRequest& page);

// Cuts what is shown of a list (by namespace, then name) to the page. Returns the metadata of the
// answer; `all_shown` says that no selector has left anything out, so that what remains can be
// told.
Json cut_to_page(std::vector<const Json*>& objects, const PageRequest& page, Revision revision,
                 bool all_shown);

}  // namespace penstock::apiserver
