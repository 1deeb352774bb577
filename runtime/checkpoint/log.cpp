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

constexpr int kClaimAttempts = 3;

// Real entropy: a log id must differ between all logs ever made, whatever a seed says.
std::string draw_id() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 16; ++i) id += "0123456789abcdef"[device() & 15];
  return id;
}

Error superseded(RecordNumber number, const Record& winner) {
  std::string message = "superseded by another process of this job: ";
  if (const auto* claim = std::get_if<ClaimRecord>(&winner)) {
    message += name_of_process(*claim) + " claimed it at " + to_rfc3339(claim->at);
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

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

CheckpointLog::CheckpointLog(LogReader reader)
    : reader_(std::move(reader)), store_(&reader_.store()) {}

// Whether this process now owns `number`; false when another one does.
Result<bool> CheckpointLog::write_claim(RecordNumber number, Millis now,
                                        const std::string& address) {
  const ClaimRecord claim{reader_.job(), log_id_, host_name(), ::getpid(), now, draw_id(), address};
  const std::string text = encode_record(claim);
  Status written = ok();
  // The same bytes under the same name again: whichever attempt won, it is ours.
  for (int attempt = 0; attempt < kClaimAttempts; ++attempt) {
    written = store_->put_if_absent(record_name(number), text);
    if (written) return true;
    const Result<std::string> there = store_->get(record_name(number));
    if (there) return *there == text;
    // Taken, and read as damaged: somebody else's in any case.
    if (there.error().code == Code::kCorrupt) return false;
  }
  return written.error().within("cannot claim the job in " + store_->uri());
}

Result<CheckpointLog> CheckpointLog::claim(BlobStore& store, const JobIdentity& job, Millis now,
                                           const std::string& address) {
  LogReader reader(store, job);
  TRY(reader.read());
  return claim(std::move(reader), now, address);
}

Result<CheckpointLog> CheckpointLog::claim(LogReader reader, Millis now,
                                           const std::string& address) {
  CheckpointLog log(std::move(reader));
  LogReader& known = log.reader_;
  while (true) {
    log.log_id_ = known.log_id();
    if (log.log_id_.empty()) log.log_id_ = draw_id();
    const RecordNumber wanted = known.next();
    TRY_ASSIGN(const bool won, log.write_claim(wanted, now, address));
    log.next_ = {wanted.value + 1};
    if (!won) {  // read on, try the next number
      TRY(known.read_on());
      continue;
    }
    TRY_ASSIGN(const std::vector<RecordNumber> numbers, list_records(*log.store_));
    log.epoch_ = wanted;
    if (numbers.empty() || numbers.back() <= wanted) return log;
    // A higher number means that the claim filled a hole: it is not the newest and has lost.
    TRY(known.read());
  }
}

Result<RecordNumber> CheckpointLog::publish(const PublicationRecord& publication) {
  PublicationRecord own = publication;
  own.log_id = log_id_;
  own.epoch = epoch_;
  const std::string text = encode_record(own);
  while (true) {
    const RecordNumber number = next_;
    const Status written = store_->put_if_absent(record_name(number), text);
    const Result<std::string> there =
        written ? Result<std::string>(text) : store_->get(record_name(number));
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
  const Result<std::string> there = store_->get(record_name(next_));
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
    TRY_ASSIGN(const std::string text, store.get(record_name(number)));
    Result<Record> record = decode_record(text);
    if (record)
      contents.entries.push_back({number, std::move(record).value()});
    else
      contents.unreadable.push_back(
          {number, record.error().within(store.uri() + "/" + record_name(number))});
  }
  return contents;
}

Result<std::vector<CheckpointLog::Entry>> read_log(BlobStore& store) {
  TRY_ASSIGN(LogContents contents, inspect_log(store));
  if (!contents.unreadable.empty()) return contents.unreadable.front().error;
  return std::move(contents.entries);
}

}  // namespace penstock
