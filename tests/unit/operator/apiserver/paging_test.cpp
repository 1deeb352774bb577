#include "operator/apiserver/paging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "operator/apiserver/json_path.h"
#include "tests/support/temporary_directory.h"

namespace penstock::apiserver {
namespace {

using testing::ElementsAre;

class Paging : public testing::Test {
 protected:
  Paging() { open(100); }
  void open(std::size_t history) {
    store_.reset();
    store_ = std::move(Store::open(folder_ / "objects.db", history)).value();
  }
  void put(const std::string& space, const std::string& name, int size = 1) {
    const ObjectKey key{"jobs", space, name};
    Json object{{"metadata", {{"name", name}, {"namespace", space}, {"uid", space + name}}},
                {"size", size}};
    ASSERT_TRUE(store_->put(key, store_->get(key), std::move(object)));
  }
  void remove(const std::string& space, const std::string& name) {
    const ObjectKey key{"jobs", space, name};
    ASSERT_TRUE(store_->remove(key, store_->get(key)));
  }

  // The names on the page that `query` asks for; its metadata stays in metadata_.
  std::vector<std::string> page(const std::string& query) {
    const auto request = parse_page(Query(query));
    if (!request) return {request.error().message};
    const auto listing = listing_for(*store_, "jobs", std::nullopt, *request);
    if (!listing) {
      metadata_ = to_status(listing.error())["metadata"];
      return {std::to_string(listing.error().code)};
    }
    std::vector<const Json*> objects;
    for (const Object& object : listing->objects) objects.push_back(object.get());
    metadata_ = cut_to_page(objects, *request, listing->revision, true);
    std::vector<std::string> names;
    for (const Json* object : objects)
      names.push_back(text_at(*object, ".metadata.namespace") + "/" +
                      text_at(*object, ".metadata.name"));
    return names;
  }
  std::string more() const { return "&continue=" + metadata_.at("continue").get<std::string>(); }

  TemporaryDirectory folder_;
  std::unique_ptr<Store> store_;
  Json metadata_;
};

TEST_F(Paging, GoesThroughAListPageByPage) {
  for (const char* name : {"a", "b", "c"}) put("one", name);
  put("two", "a");
  put("two", "b");
  EXPECT_THAT(page("limit=2"), ElementsAre("one/a", "one/b"));
  EXPECT_EQ(metadata_["remainingItemCount"], 3);
  EXPECT_THAT(page("limit=2" + more()), ElementsAre("one/c", "two/a"));
  EXPECT_THAT(page("limit=2" + more()), ElementsAre("two/b"));
  EXPECT_FALSE(metadata_.contains("continue"));
  EXPECT_THAT(page("limit=500"), testing::SizeIs(5));
  EXPECT_THAT(page("limit=2&resourceVersion=0"), testing::SizeIs(5));
}

TEST_F(Paging, LaterPagesShowTheListAsItWasAtTheFirst) {
  for (const char* name : {"a", "b", "c", "d"}) put("one", name);
  EXPECT_THAT(page("limit=2"), ElementsAre("one/a", "one/b"));
  const std::string version = metadata_["resourceVersion"], rest = more();
  remove("one", "c");
  put("one", "d", 7);
  put("one", "e");
  remove("one", "e");
  put("one", "e");
  EXPECT_THAT(page("limit=9" + rest), ElementsAre("one/c", "one/d"));
  EXPECT_EQ(metadata_["resourceVersion"], version);
  const auto then = store_->list_at("jobs", "one", std::stoull(version));
  EXPECT_EQ((*then->objects[3])["size"], 1);
}

TEST_F(Paging, APlaceThatIsForgottenIs410AndCanGoOnWithoutTheSnapshot) {
  open(2);
  for (const char* name : {"a", "b", "c", "d"}) put("one", name);
  EXPECT_THAT(page("limit=1"), ElementsAre("one/a"));
  const std::string rest = more();
  remove("one", "b");
  for (int i = 0; i < 3; ++i) put("one", "c", i);
  EXPECT_THAT(page("limit=9" + rest), ElementsAre("410"));
  EXPECT_THAT(page("limit=9" + more()), ElementsAre("one/c", "one/d"));
}

TEST_F(Paging, WrongQuestionsAreRefused) {
  EXPECT_THAT(page("limit=x"), ElementsAre("strconv.ParseInt: parsing \"x\": invalid syntax"));
  EXPECT_THAT(page("continue=garbage"), ElementsAre(testing::HasSubstr("invalid continue token")));
  EXPECT_THAT(page("resourceVersion=5&continue=" + to_token({5, "one", "a"})),
              ElementsAre("specifying resource version is not allowed when using continue"));
  EXPECT_EQ(from_token(to_token({5, "one", "a"})), (PagePlace{5, "one", "a"}));
  EXPECT_EQ(from_token(to_token({std::nullopt, "", "n"})), (PagePlace{std::nullopt, "", "n"}));
}

}  // namespace
}  // namespace penstock::apiserver
