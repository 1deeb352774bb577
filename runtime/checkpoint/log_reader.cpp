#include "runtime/checkpoint/log_reader.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace penstock {
namespace {

constexpr std::string_view kPrefix = "log/";
// A number can stay empty for ever: a write that failed, while a claim took the next one.
constexpr std::uint32_t kLooksPerListing = 32;

std::optional<RecordNumber> number_of(std::string_view name) {
  name.remove_prefix(std::min(name.size(), kPrefix.size()));
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (failed != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return RecordNumber{number};
}

bool is_publication(const LogEntry& entry) {
  return std::holds_alternative<PublicationRecord>(entry.record);
}

}  // namespace

std::string record_name(RecordNumber number) {
  std::string digits = std::to_string(number.value);
  if (digits.size() < 8) digits.insert(0, 8 - digits.size(), '0');
  return std::string(kPrefix) + digits;
}

Result<std::vector<RecordNumber>> list_records(BlobStore& store) {
  TRY_ASSIGN(const std::vector<std::string> names, store.list(kPrefix));
  std::vector<RecordNumber> numbers;
  for (const std::string& name : names)
    if (const auto number = number_of(name)) numbers.push_back(*number);
  std::ranges::sort(numbers);
  return numbers;
}

Result<bool> LogReader::read_one(RecordNumber number) {
  const Result<std::string> text = store_->get(record_name(number));
  if (!text && text.error().code == Code::kNotFound) return false;
  if (!text && text.error().code != Code::kCorrupt) return text.error();
  Result<Record> record = text ? decode_record(*text) : Result<Record>(text.error());
  if (!record)
    unreadable_.push_back({number, record.error().within(record_name(number))});
  else
    entries_.push_back({number, std::move(record).value()});
  next_ = std::max(next_, RecordNumber{number.value + 1});
  return true;
}

// Backwards until enough publications are known, and the first record.
Status LogReader::read_from(const std::vector<RecordNumber>& numbers) {
  std::size_t publications = 0;
  for (std::size_t i = numbers.size(); i-- > 0;) {
    if (publications >= kHistoryPublications && i > 0) continue;
    const std::size_t known = entries_.size();
    TRY_ASSIGN([[maybe_unused]] const bool there, read_one(numbers[i]));
    if (entries_.size() > known && is_publication(entries_.back())) ++publications;
  }
  return ok();
}

Status LogReader::read() {
  entries_.clear();
  unreadable_.clear();
  next_ = {};
  TRY_ASSIGN(const std::vector<RecordNumber> numbers, list_records(*store_));
  if (!numbers.empty()) next_ = {numbers.back().value + 1};
  TRY(read_from(numbers));
  std::ranges::sort(entries_, {}, &LogEntry::number);
  std::ranges::sort(unreadable_, {}, &UnreadableRecord::number);
  return check_identity();
}

Result<bool> LogReader::read_on() {
  const RecordNumber before = next_;
  for (;;) {
    TRY_ASSIGN(const bool there, read_one(next_));
    if (there) continue;
    if (next_ > before || ++looks_ % kLooksPerListing != 0) break;
    TRY_ASSIGN(const std::vector<RecordNumber> numbers, list_records(*store_));
    const auto newer = std::ranges::lower_bound(numbers, next_);
    if (newer == numbers.end()) break;
    next_ = *newer;  // what lies between will never be
  }
  if (next_ == before) return false;
  looks_ = 0;
  forget_old();
  TRY(check_identity());
  return true;
}

// As read() leaves it: the first record, and as many publications with what lies between them.
void LogReader::forget_old() {
  std::size_t publications = 0;
  for (std::size_t i = entries_.size(); i-- > 1;) {
    publications += is_publication(entries_[i]) ? 1 : 0;
    if (publications < kHistoryPublications) continue;
    entries_.erase(entries_.begin() + 1, entries_.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

Status LogReader::check_identity() const {
  if (entries_.empty() && !unreadable_.empty())
    return Error{Code::kCorrupt, "no record of the checkpoint log in " + store_->uri() +
                                     " can be read: " + unreadable_.back().error.message};
  for (const LogEntry& entry : entries_) {
    const auto* claim = std::get_if<ClaimRecord>(&entry.record);
    if (claim != nullptr && claim->job.name != job_.name)
      return Error{Code::kInvalid, store_->uri() + " holds checkpoints of job \"" +
                                       claim->job.name + "\", not of \"" + job_.name +
                                       "\"; use another directory"};
  }
  return ok();
}

std::string LogReader::log_id() const {
  if (entries_.empty()) return {};
  return std::visit([](const auto& kind) { return kind.log_id; }, entries_.front().record);
}

}  // namespace penstock
