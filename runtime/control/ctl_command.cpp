#include "runtime/control/ctl_command.h"

#include <google/protobuf/util/json_util.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>

#include "runtime/base/clock.h"
#include "runtime/base/units.h"
#include "runtime/control/proto/control.grpc.pb.h"
#include "runtime/control/tls_files.h"

namespace penstock {
namespace {

constexpr const char* kUsage =
    "penstock ctl HOST:PORT COMMAND [--json]\n"
    "\n"
    "  status                 the job's report, once\n"
    "  watch                  the job's report, every second, until it ends\n"
    "  rescale N              run with N slots; returns when it does\n"
    "  checkpoint             take a checkpoint now\n"
    "  savepoint URI          write a self-contained copy of the state\n"
    "  hand-over              to the process that runs the job: give it to its follower\n"
    "  take-over [--now]      to a follower: take the job; --now: its predecessor is dead\n"
    "  stop [--drain | --savepoint URI] [--no-wait]\n"
    "                         stop now, after the input so far, or after a savepoint;\n"
    "                         returns when the job has ended, with --no-wait at once\n"
    "\n"
    "  --certificates DIR     speak TLS: tls.crt and tls.key valid for a client, and ca.crt\n"
    "  --server-name NAME     what the job's certificate says, where it is not the host\n";

struct Arguments {
  std::string address, command, operand, savepoint, certificates, server_name;
  bool json = false, drain = false, no_wait = false, now = false, help = false;
};

std::string* value_of(const std::string& option, Arguments& out) {
  if (option == "--savepoint") return &out.savepoint;
  if (option == "--certificates") return &out.certificates;
  if (option == "--server-name") return &out.server_name;
  return nullptr;
}

std::optional<std::string> read_arguments(const std::vector<std::string>& args, Arguments& out) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (args[i] == "--help" || args[i] == "-h") {
      out.help = true;
    } else if (args[i] == "--json") {
      out.json = true;
    } else if (args[i] == "--drain") {
      out.drain = true;
    } else if (args[i] == "--no-wait") {
      out.no_wait = true;
    } else if (args[i] == "--now") {
      out.now = true;
    } else if (std::string* value = value_of(args[i], out)) {
      if (i + 1 == args.size()) return args[i] + " needs a value";
      *value = args[++i];
    } else if (args[i].starts_with("--")) {
      return "unknown option " + args[i];
    } else {
      words.push_back(args[i]);
    }
  }
  if (out.help) return std::nullopt;
  if (words.size() < 2) return "an address and a command are needed";
  out.address = words[0];
  out.command = words[1];
  const bool takes_operand = out.command == "rescale" || out.command == "savepoint";
  if (words.size() != (takes_operand ? 3u : 2u)) {
    return takes_operand ? out.command + " needs one value" : "too many words after " + out.command;
  }
  if (takes_operand) out.operand = words[2];
  const bool stops = out.command == "stop";
  if (!stops && (out.drain || out.no_wait || !out.savepoint.empty()))
    return "only stop takes --drain, --savepoint or --no-wait";
  if (out.now && out.command != "take-over") return "only take-over takes --now";
  if (out.drain && !out.savepoint.empty()) return "--drain and --savepoint exclude each other";
  return std::nullopt;
}

int fail(const grpc::Status& status, const std::string& address) {
  const bool away = status.error_code() == grpc::StatusCode::UNAVAILABLE;
  std::fprintf(stderr, "penstock ctl: %s: %s\n",
               away ? ("no answer from " + address).c_str() : "refused",
               status.error_message().c_str());
  return status.error_code() == grpc::StatusCode::INVALID_ARGUMENT ? 2 : 1;
}

std::string percent(std::uint64_t part, std::int64_t millis) {
  if (millis <= 0) return "-";
  char text[16];
  std::snprintf(text, sizeof text, "%.0f%%",
                static_cast<double>(part) / 1e4 / static_cast<double>(millis));
  return text;
}

void print_chain(const v1::ChainReport& chain, std::int64_t millis) {
  std::uint64_t in = 0, out = 0, busy = 0;
  for (const v1::SubtaskReport& subtask : chain.subtasks()) {
    in += subtask.rows_in();
    out += subtask.rows_out();
    busy += subtask.busy_nanos();
  }
  std::printf("  %-40s x%-3u in %-12llu out %-12llu busy %s", chain.name().c_str(),
              chain.parallelism(), static_cast<unsigned long long>(in),
              static_cast<unsigned long long>(out),
              percent(busy / std::max(1u, chain.parallelism()), millis).c_str());
  if (chain.has_behind()) {
    std::printf(" behind %llu", static_cast<unsigned long long>(chain.behind()));
  }
  std::printf("\n");
}

void print_report(const v1::JobReport& report, bool json) {
  if (json) {
    std::string text;
    google::protobuf::util::JsonPrintOptions options;
    options.always_print_primitive_fields = true;
    static_cast<void>(google::protobuf::util::MessageToJsonString(report, &text, options));
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
    return;
  }
  std::printf("%s  %s  slots %u/%u  restarts %llu  state %s\n", report.job().c_str(),
              report.phase().c_str(), report.running(), report.wanted(),
              static_cast<unsigned long long>(report.restarts()),
              format_bytes(report.state_bytes()).c_str());
  for (const v1::ChainReport& chain : report.chains()) {
    print_chain(chain, report.at() - report.started_at());
  }
  const v1::CheckpointReport& checkpoints = report.checkpoints();
  std::printf("  checkpoints %llu completed, %llu failed",
              static_cast<unsigned long long>(checkpoints.completed()),
              static_cast<unsigned long long>(checkpoints.failed()));
  if (checkpoints.last_id() > 0) {
    std::printf(", last %llu at %s", static_cast<unsigned long long>(checkpoints.last_id()),
                to_rfc3339(checkpoints.last_at()).c_str());
  }
  std::printf("\n");
  const v1::RescaleReport& rescales = report.rescales();
  if (rescales.count() > 0) {
    std::printf("  rescales %llu, last %u -> %u, pause %.1f ms: %s\n",
                static_cast<unsigned long long>(rescales.count()), rescales.from(), rescales.to(),
                static_cast<double>(rescales.longest_pause_nanos()) / 1e6,
                rescales.reason().c_str());
  }
  if (report.has_following()) {
    const v1::FollowReport& following = report.following();
    std::printf("  holds checkpoint %llu, %s behind%s\n",
                static_cast<unsigned long long>(following.checkpoint_id()),
                format_bytes(static_cast<std::int64_t>(following.bytes_behind())).c_str(),
                following.caught_up() ? ", ready to take over" : "");
  }
  if (report.has_move()) {
    std::printf("  took over from %s at %s, pause %.0f ms: %s\n", report.move().from().c_str(),
                to_rfc3339(report.move().at()).c_str(),
                static_cast<double>(report.move().pause_nanos()) / 1e6,
                report.move().reason().c_str());
  }
  for (const v1::FailureReport& failure : report.failures()) {
    std::printf("  failed at %s in %s: %s\n", to_rfc3339(failure.at()).c_str(),
                failure.operator_name().c_str(), failure.message().c_str());
  }
  if (report.has_ending()) {
    std::printf("  ended: %s %s\n", report.ending().reason().c_str(),
                report.ending().message().c_str());
  }
  std::fflush(stdout);
}

Result<std::shared_ptr<grpc::Channel>> connect(const Arguments& arguments) {
  if (arguments.certificates.empty())
    return grpc::CreateChannel(arguments.address, grpc::InsecureChannelCredentials());
  TRY_ASSIGN(const TlsFiles files, read_tls_files(arguments.certificates));
  grpc::ChannelArguments options;
  if (!arguments.server_name.empty()) options.SetSslTargetNameOverride(arguments.server_name);
  const grpc::SslCredentialsOptions tls{files.authority, files.key, files.certificate};
  return grpc::CreateCustomChannel(arguments.address, grpc::SslCredentials(tls), options);
}

class Command {
 public:
  Command(const Arguments& arguments, const std::shared_ptr<grpc::Channel>& channel)
      : arguments_(arguments), stub_(v1::Control::NewStub(channel)) {}

  int run() {
    const std::string& command = arguments_.command;
    if (command == "status") return watch(1);
    if (command == "watch") return watch(0);
    if (command == "rescale") return rescale();
    if (command == "checkpoint" || command == "savepoint") return snapshot();
    if (command == "stop") return stop();
    if (command == "hand-over") return hand_over();
    if (command == "take-over") return take_over();
    std::fprintf(stderr, "penstock ctl: unknown command '%s'\n%s", command.c_str(), kUsage);
    return 2;
  }

 private:
  // `most` 0: until the job ends.
  int watch(int most) {
    grpc::ClientContext context;
    if (most > 0) set_deadline(context, std::chrono::seconds(10));
    const auto reader = stub_->Watch(&context, v1::WatchRequest());
    v1::JobReport report;
    int seen = 0;
    while (reader->Read(&report)) {
      print_report(report, arguments_.json);
      if (++seen == most) context.TryCancel();
    }
    const grpc::Status status = reader->Finish();
    return seen > 0 && (status.ok() || seen == most) ? 0 : fail(status, arguments_.address);
  }

  int rescale() {
    v1::RescaleRequest request;
    std::uint32_t wanted = 0;
    const std::string& text = arguments_.operand;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), wanted);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || wanted == 0) {
      std::fprintf(stderr, "penstock ctl: '%s' is no number of slots\n", text.c_str());
      return 2;
    }
    request.set_parallelism(wanted);
    request.set_reason("penstock ctl");
    grpc::ClientContext context;
    v1::RescaleReply reply;
    return done(stub_->Rescale(&context, request, &reply), "running with " + text + " slots");
  }

  int snapshot() {
    grpc::ClientContext context;
    v1::CheckpointReply reply;
    grpc::Status status;
    if (arguments_.command == "checkpoint") {
      status = stub_->Checkpoint(&context, v1::CheckpointRequest(), &reply);
    } else {
      v1::SavepointRequest request;
      request.set_uri(arguments_.operand);
      status = stub_->Savepoint(&context, request, &reply);
    }
    return done(status, arguments_.command + " " + std::to_string(reply.id()));
  }

  int stop() {
    v1::StopRequest request;
    if (arguments_.drain) request.set_mode(v1::StopRequest::DRAIN);
    if (!arguments_.savepoint.empty()) {
      request.set_mode(v1::StopRequest::SAVEPOINT);
      request.set_savepoint_uri(arguments_.savepoint);
    }
    // Watched from before the order, so that the last report is not missed.
    grpc::ClientContext watched;
    const auto reports = stub_->Watch(&watched, v1::WatchRequest());
    grpc::ClientContext context;
    v1::StopReply reply;
    const grpc::Status status = stub_->Stop(&context, request, &reply);
    if (!status.ok() || arguments_.no_wait) {
      watched.TryCancel();
      return done(status, "stopping");
    }
    v1::JobReport report;
    while (reports->Read(&report)) {
      if (!report.has_ending()) continue;
      watched.TryCancel();
      return ended(report.ending());
    }
    std::fprintf(
        stderr,
        "penstock ctl: %s took the order and went without saying how it ended; see its log\n",
        arguments_.address.c_str());
    return 1;
  }

  static int ended(const v1::EndingReport& ending) {
    const bool well =
        ending.kind() == v1::EndingReport::FINISHED || ending.kind() == v1::EndingReport::STOPPED;
    std::printf("ended: %s %s\n", ending.reason().c_str(), ending.message().c_str());
    return well ? 0 : 1;
  }

  int hand_over() {
    grpc::ClientContext context;
    v1::HandOverReply reply;
    const grpc::Status status = stub_->HandOver(&context, v1::HandOverRequest(), &reply);
    return done(status, "handed over with checkpoint " + std::to_string(reply.checkpoint()));
  }

  int take_over() {
    v1::TakeOverRequest request;
    request.set_now(arguments_.now);
    grpc::ClientContext context;
    v1::TakeOverReply reply;
    return done(stub_->TakeOver(&context, request, &reply), "running");
  }

  int done(const grpc::Status& status, const std::string& message) {
    if (!status.ok()) return fail(status, arguments_.address);
    std::printf("%s\n", message.c_str());
    return 0;
  }

  static void set_deadline(grpc::ClientContext& context, std::chrono::seconds after) {
    context.set_deadline(std::chrono::system_clock::now() + after);
  }

  const Arguments& arguments_;
  const std::unique_ptr<v1::Control::Stub> stub_;
};

}  // namespace

int ctl_main(const std::vector<std::string>& args) {
  Arguments arguments;
  if (const auto wrong = read_arguments(args, arguments)) {
    std::fprintf(stderr, "penstock ctl: %s\n%s", wrong->c_str(), kUsage);
    return 2;
  }
  if (arguments.help) {
    std::printf("%s", kUsage);
    return 0;
  }
  const auto channel = connect(arguments);
  if (!channel) {
    std::fprintf(stderr, "penstock ctl: %s\n", channel.error().message.c_str());
    return 2;
  }
  return Command(arguments, *channel).run();
}

}  // namespace penstock
