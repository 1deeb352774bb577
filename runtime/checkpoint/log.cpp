#include "runtime/checkpoint/log.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <random>

#include "runtime/base/check.h"
#include "runtime/base/clock.h"

namespace penstock {
namespace {

constexpr std::string_view kPrefix = "log/";
constexpr int kClaimAttempts = 3;

std::string name_of(RecordNumber number) {
  std::string digits = std::to_string(number.value);
  if (digits.size() < 8) digits.insert(0, 8 - digits.size(), '0');
  return std::string(kPrefix) + digits;
}

std::optional<RecordNumber> number_of(std::string_view name) {
  name.remove_prefix(std::min(name.size(), kPrefix.size()));
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (failed != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return RecordNumber{number};
}

Result<std::vector<RecordNumber>> list_records(BlobStore& store) {
  TRY_ASSIGN(const std::vector<std::string> names, store.list(kPrefix));
  std::vector<RecordNumber> numbers;
  for (const std::string& name : names)
    if (const auto number = number_of(name)) numbers.push_back(*number);
  std::ranges::sort(numbers);
  return numbers;
}

// Real entropy: a log id must differ between all logs ever made, whatever a seed says.
std::string draw_id() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 16; ++i) id += "0123456789abcdef"[device() & 15];
  return id;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

const std::string& log_id_of(const Record& record) {
  return std::visit([](const auto& kind) -> const std::string& { return kind.log_id; }, record);
}

Error superseded(RecordNumber number, const Record& winner) {
  std::string message = "superseded by another process of this job: ";
  if (const auto* claim = std::get_if<ClaimRecord>(&winner)) {
    message += "pid " + std::to_string(claim->pid) + " on host " + claim->host + " claimed it at " +
               to_rfc3339(claim->at);
  } else {
    message += "it published a checkpoint";
  }
  return {Code::kConflict, message + " (record " + std::to_string(number.value) + ")"};
}

Error superseded_by_damaged(RecordNumber number, const Error& error) {
  return {Code::kConflict, "superseded: record " + std::to_string(number.value) +
                               " is taken and cannot be read: " + error.message};
}

bool is_publication_of(const Record& record, std::string_view log_id, RecordNumber epoch) {
  const auto* publication = std::get_if<PublicationRecord>(&record);
  return publication != nullptr && publication->log_id == log_id && publication->epoch == epoch;
}

}  // namespace

CheckpointLog::CheckpointLog(BlobStore& store, JobIdentity job)
    : store_(&store), job_(std::move(job)) {}

// Adds the record to the history; nothing when there is none of that number.
Result<std::optional<RecordNumber>> CheckpointLog::read_one(RecordNumber number) {
  const Result<std::string> text = store_->get(name_of(number));
  if (!text && text.error().code == Code::kNotFound) return std::optional<RecordNumber>{};
  if (!text && text.error().code != Code::kCorrupt) return text.error();
  Result<Record> record = text ? decode_record(*text) : Result<Record>(text.error());
  if (!record)
    unreadable_.push_back({number, record.error().within(name_of(number))});
  else
    history_.push_back({number, std::move(record).value()});
  return std::optional(number);
}

// Reads backwards until enough publications are known, and the first record.
Status CheckpointLog::read_records(const std::vector<RecordNumber>& numbers) {
  std::size_t publications = 0;
  for (std::size_t i = numbers.size(); i-- > 0;) {
    if (publications >= kHistoryPublications && i > 0) continue;
    const std::size_t known = history_.size();
    TRY(read_one(numbers[i]));
    if (history_.size() > known &&
        std::holds_alternative<PublicationRecord>(history_.back().record))
      ++publications;
  }
  return ok();
}

Status CheckpointLog::read_history() {
  history_.clear();
  unreadable_.clear();
  TRY_ASSIGN(const std::vector<RecordNumber> numbers, list_records(*store_));
  next_ = numbers.empty() ? RecordNumber{0} : RecordNumber{numbers.back().value + 1};
  TRY(read_records(numbers));
  std::ranges::sort(history_, {}, &Entry::number);
  std::ranges::sort(unreadable_, {}, &Unreadable::number);
  return ok();
}

// Takes the log's id over from its records, or draws one for a new log. Refuses another job's.
Status CheckpointLog::adopt_identity() {
  if (history_.empty() && !unreadable_.empty())
    return Error{Code::kCorrupt, "no record of the checkpoint log in " + store_->uri() +
                                     " can be read: " + unreadable_.back().error.message};
  if (history_.empty()) {
    log_id_ = draw_id();
    return ok();
  }
  log_id_ = log_id_of(history_.front().record);
  for (const Entry& entry : history_) {
    const auto* claim = std::get_if<ClaimRecord>(&entry.record);
    if (claim != nullptr && claim->job.name != job_.name)
      return Error{Code::kInvalid, store_->uri() + " holds checkpoints of job \"" +
                                       claim->job.name + "\", not of \"" + job_.name +
                                       "\"; use another directory"};
  }
  return ok();
}

// Whether this process now owns `number`; false when another one does.
Result<bool> CheckpointLog::write_claim(RecordNumber number, Millis now) {
  const ClaimRecord claim{job_, log_id_, host_name(), ::getpid(), now, draw_id()};
  const std::string text = encode_record(claim);
  Status written = ok();
  // The same bytes under the same name again: whichever attempt won, it is ours.
  for (int attempt = 0; attempt < kClaimAttempts; ++attempt) {
    written = store_->put_if_absent(name_of(number), text);
    if (written) return true;
    const Result<std::string> there = store_->get(name_of(number));
    if (there) return *there == text;
    // Taken, and read as damaged: somebody else's in any case.
    if (there.error().code == Code::kCorrupt) return false;
  }
  return written.error().within("cannot claim the job in " + store_->uri());
}

Result<CheckpointLog> CheckpointLog::claim(BlobStore& store, const JobIdentity& job, Millis now) {
  CheckpointLog log(store, job);
  TRY(log.read_history());
  while (true) {
    TRY(log.adopt_identity());
    const RecordNumber wanted = log.next_;
    TRY_ASSIGN(const bool won, log.write_claim(wanted, now));
    log.next_ = {wanted.value + 1};
    if (!won) {  // read on, try the next number
      TRY(log.read_one(wanted));
      continue;
    }
    TRY_ASSIGN(const std::vector<RecordNumber> numbers, list_records(store));
    log.epoch_ = wanted;
    if (numbers.empty() || numbers.back() <= wanted) return log;
    // A higher number means that the claim filled a hole: it is not the newest and has lost.
    TRY(log.read_history());
  }
}

Result<RecordNumber> CheckpointLog::publish(const PublicationRecord& publication) {
  PublicationRecord own = publication;
  own.log_id = log_id_;
  own.epoch = epoch_;
  const std::string text = encode_record(own);
  while (true) {
    const RecordNumber number = next_;
    const Status written = store_->put_if_absent(name_of(number), text);
    const Result<std::string> there =
        written ? Result<std::string>(text) : store_->get(name_of(number));
    if (!there && there.error().code == Code::kNotFound && store_->reading_settles())
      return Error{Code::kCancelled, "not published: " + written.error().message};
    if (!there)
      return Error{Code::kUnavailable, "it is not known whether the checkpoint was published: " +
                                           written.error().message};
    if (*there == text) {
      next_ = {number.value + 1};
      return number;
    }
    const Result<Record> winner = decode_record(*there);
    if (!winner) return superseded_by_damaged(number, winner.error());
    if (!is_publication_of(*winner, log_id_, epoch_)) return superseded(number, *winner);
    next_ = {number.value + 1};  // an earlier one of ours, whose outcome was unknown, had arrived
  }
}

Status CheckpointLog::check_not_superseded() {
  const Result<std::string> there = store_->get(name_of(next_));
  if (!there && there.error().code == Code::kNotFound) return ok();
  if (!there) return there.error();
  const Result<Record> winner = decode_record(*there);
  if (!winner) return superseded_by_damaged(next_, winner.error());
  if (is_publication_of(*winner, log_id_, epoch_)) return ok();
  return superseded(next_, *winner);
}

Result<LogContents> inspect_log(BlobStore& store) {
  TRY_ASSIGN(const std::vector<RecordNumber> numbers, list_records(store));
  LogContents contents;
  for (const RecordNumber number : numbers) {
    TRY_ASSIGN(const std::string text, store.get(name_of(number)));
    Result<Record> record = decode_record(text);
    if (record)
      contents.entries.push_back({number, std::move(record).value()});
    else
      contents.unreadable.push_back(
          {number, record.error().within(store.uri() + "/" + name_of(number))});
  }
  return contents;
}

Result<std::vector<CheckpointLog::Entry>> read_log(BlobStore& store) {
  TRY_ASSIGN(LogContents contents, inspect_log(store));
  if (!contents.unreadable.empty()) return contents.unreadable.front().error;
  return std::move(contents.entries);
}

}  // namespace penstock
