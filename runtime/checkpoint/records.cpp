#include "runtime/checkpoint/records.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "runtime/base/overloaded.h"

namespace penstock {
namespace {

using Json = nlohmann::json;

constexpr int kFormatVersion = 1;
constexpr std::string_view kHead = R"({"checksum":")";
constexpr std::string_view kMiddle = R"(","record":)";
constexpr std::size_t kChecksumDigits = 16;

// FNV-1a over the record's text: tells a damaged file, not a forged one.
std::string checksum_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3u;
  std::string digits(kChecksumDigits, '0');
  for (std::size_t i = kChecksumDigits; i-- > 0; hash >>= 4)
    digits[i] = "0123456789abcdef"[hash & 15];
  return digits;
}

// Names that repeat in many blocks are written once.
class NameTable {
 public:
  std::size_t number_of(const std::string& name) {
    const auto [at, added] = numbers_.emplace(name, names_.size());
    if (added) names_.push_back(name);
    return at->second;
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::map<std::string, std::size_t> numbers_;
  std::vector<std::string> names_;
};

constexpr std::array<std::string_view, 3> kThen = {"GoesOn", "HandsOver", "Ends"};

Json to_json(const ClaimRecord& claim) {
  Json json = {{"kind", "claim"},       {"version", kFormatVersion},
               {"job", claim.job.name}, {"uid", claim.job.uid},
               {"logId", claim.log_id}, {"host", claim.host},
               {"pid", claim.pid},      {"at", claim.at},
               {"nonce", claim.nonce}};
  if (!claim.address.empty()) json["address"] = claim.address;
  return json;
}

Json to_json(const StateDescription& state) {
  return {{"operator", state.operator_name},
          {"state", state.state_name},
          {"key", state.key},
          {"value", state.value}};
}

Json to_json(const SplitRecord& split) {
  return {{"operator", split.operator_name},
          {"id", split.id},
          {"position", split.position},
          {"watermark", split.watermark},
          {"finished", split.finished}};
}

Json to_json(const PublicationRecord& publication) {
  NameTable operators;
  NameTable files;
  Json blocks = Json::array();
  for (const StateBlock& block : publication.blocks)
    blocks.push_back({operators.number_of(block.operator_name), block.group.value,
                      files.number_of(block.file), block.offset, block.size});
  Json states = Json::array();
  for (const StateDescription& state : publication.states) states.push_back(to_json(state));
  Json splits = Json::array();
  for (const SplitRecord& split : publication.splits) splits.push_back(to_json(split));
  Json committables = Json::array();
  for (const CommittableRecord& committable : publication.committables)
    committables.push_back({{"operator", committable.operator_name}, {"text", committable.text}});
  Json json = {{"kind", "publication"},
               {"version", kFormatVersion},
               {"logId", publication.log_id},
               {"epoch", publication.epoch.value},
               {"checkpoint", publication.checkpoint.value},
               {"savepoint", publication.savepoint},
               {"at", publication.at},
               {"duration", publication.duration},
               {"newBytes", publication.new_bytes},
               {"states", std::move(states)},
               {"operators", operators.names()},
               {"files", files.names()},
               {"blocks", std::move(blocks)},
               {"splits", std::move(splits)},
               {"committables", std::move(committables)},
               {"table",
                {{"version", publication.table.version},
                 {"parallelism", publication.table.parallelism},
                 {"owners", publication.table.owners}}}};
  if (!publication.start.empty()) json["start"] = publication.start;
  if (publication.then != PublicationRecord::Then::kGoesOn)
    json["then"] = kThen[static_cast<std::size_t>(publication.then)];
  return json;
}

// What is wrong with a document; becomes kCorrupt at the border below.
struct Malformed {
  std::string what;
};

const Json& member(const Json& object, const char* key) {
  const auto at = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || at == object.end()) throw Malformed{std::string("no ") + key};
  return *at;
}

std::string text(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_string()) throw Malformed{std::string(key) + " is not text"};
  return value.get<std::string>();
}

bool truth(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_boolean()) throw Malformed{std::string(key) + " is not a boolean"};
  return value.get<bool>();
}

const Json& list(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_array()) throw Malformed{std::string(key) + " is not a list"};
  return value;
}

template <typename T>
T number(const Json& value, const char* key) {
  if (value.is_number_unsigned()) {
    const auto wide = value.get<std::uint64_t>();
    if (std::in_range<T>(wide)) return static_cast<T>(wide);
  } else if (value.is_number_integer()) {
    const auto wide = value.get<std::int64_t>();
    if (std::in_range<T>(wide)) return static_cast<T>(wide);
  }
  throw Malformed{std::string(key) + " is not a number in its range"};
}

template <typename T>
T number_at(const Json& object, const char* key) {
  return number<T>(member(object, key), key);
}

std::vector<std::string> texts(const Json& object, const char* key) {
  std::vector<std::string> all;
  for (const Json& value : list(object, key)) {
    if (!value.is_string()) throw Malformed{std::string(key) + " holds what is not text"};
    all.push_back(value.get<std::string>());
  }
  return all;
}

template <typename T>
const T& pick(const std::vector<T>& all, const Json& index, const char* key) {
  const auto at = number<std::size_t>(index, key);
  if (at >= all.size()) throw Malformed{std::string(key) + " is out of range"};
  return all[at];
}

// Absent in records of before there was one.
std::string optional_text(const Json& object, const char* key) {
  return object.contains(key) ? text(object, key) : std::string();
}

PublicationRecord::Then then_from(const Json& json) {
  const std::string name = optional_text(json, "then");
  if (name.empty()) return PublicationRecord::Then::kGoesOn;
  const auto known = std::ranges::find(kThen, name);
  if (known == kThen.end()) throw Malformed{"unknown then \"" + name + "\""};
  return static_cast<PublicationRecord::Then>(known - kThen.begin());
}

ClaimRecord claim_from(const Json& json) {
  return {.job = {text(json, "job"), text(json, "uid")},
          .log_id = text(json, "logId"),
          .host = text(json, "host"),
          .pid = number_at<std::int64_t>(json, "pid"),
          .at = number_at<Millis>(json, "at"),
          .nonce = text(json, "nonce"),
          .address = optional_text(json, "address")};
}

std::vector<StateBlock> blocks_from(const Json& json) {
  const std::vector<std::string> operators = texts(json, "operators");
  const std::vector<std::string> files = texts(json, "files");
  std::vector<StateBlock> blocks;
  for (const Json& block : list(json, "blocks")) {
    if (!block.is_array() || block.size() != 5) throw Malformed{"a block is not five numbers"};
    blocks.push_back({.operator_name = pick(operators, block[0], "a block's operator"),
                      .group = {number<std::uint32_t>(block[1], "a block's group")},
                      .file = pick(files, block[2], "a block's file"),
                      .offset = number<std::uint64_t>(block[3], "a block's offset"),
                      .size = number<std::uint64_t>(block[4], "a block's size")});
  }
  return blocks;
}

TableRecord table_from(const Json& json) {
  TableRecord table{.version = number_at<std::uint64_t>(json, "version"),
                    .parallelism = number_at<std::uint32_t>(json, "parallelism")};
  for (const Json& owner : list(json, "owners"))
    table.owners.push_back(number<std::uint32_t>(owner, "owners"));
  return table;
}

PublicationRecord publication_from(const Json& json) {
  PublicationRecord publication{.log_id = text(json, "logId"),
                                .epoch = {number_at<std::uint64_t>(json, "epoch")},
                                .checkpoint = {number_at<std::uint64_t>(json, "checkpoint")},
                                .savepoint = truth(json, "savepoint"),
                                .start = json.contains("start") ? text(json, "start") : "",
                                .at = number_at<Millis>(json, "at"),
                                .duration = number_at<Millis>(json, "duration"),
                                .new_bytes = number_at<std::uint64_t>(json, "newBytes"),
                                .blocks = blocks_from(json),
                                .table = table_from(member(json, "table")),
                                .then = then_from(json)};
  for (const Json& state : list(json, "states"))
    publication.states.push_back({text(state, "operator"), text(state, "state"),
                                  texts(state, "key"), texts(state, "value")});
  for (const Json& split : list(json, "splits"))
    publication.splits.push_back({text(split, "operator"), text(split, "id"),
                                  text(split, "position"), number_at<Millis>(split, "watermark"),
                                  truth(split, "finished")});
  for (const Json& committable : list(json, "committables"))
    publication.committables.push_back({text(committable, "operator"), text(committable, "text")});
  return publication;
}

Record record_from(const Json& json) {
  const std::string kind = text(json, "kind");
  if (number_at<int>(json, "version") != kFormatVersion)
    throw Malformed{"format version " + member(json, "version").dump() + ", this build reads " +
                    std::to_string(kFormatVersion)};
  if (kind == "claim") return claim_from(json);
  if (kind == "publication") return publication_from(json);
  throw Malformed{"unknown kind \"" + kind + "\""};
}

Error corrupt(std::string_view what) {
  return {Code::kCorrupt, "damaged record of the checkpoint log: " + std::string(what)};
}

}  // namespace

std::string encode_record(const Record& record) {
  const Json json = std::visit([](const auto& kind) { return to_json(kind); }, record);
  const std::string body = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string document(kHead);
  document.append(checksum_of(body)).append(kMiddle).append(body).append("}");
  return document;
}

Result<Record> decode_record(std::string_view document) {
  const std::size_t head = kHead.size() + kChecksumDigits + kMiddle.size();
  if (document.size() <= head) return corrupt("it is too short");
  if (!document.starts_with(kHead) || !document.ends_with('}') ||
      document.substr(head - kMiddle.size(), kMiddle.size()) != kMiddle)
    return corrupt("it is not a record");
  const std::string_view body = document.substr(head, document.size() - head - 1);
  if (checksum_of(body) != document.substr(kHead.size(), kChecksumDigits))
    return corrupt("the checksum does not match");
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_discarded()) return corrupt("it is not JSON");
  try {
    return record_from(json);
  } catch (const Malformed& malformed) {
    return corrupt(malformed.what);
  } catch (const Json::exception& failed) {
    return corrupt(failed.what());
  }
}

}  // namespace penstock
