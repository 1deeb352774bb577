#include "runtime/control/status_server.h"

#include <charconv>

#include "runtime/http/server.h"

namespace penstock {
namespace {

using metrics::Family;
using metrics::Labels;

double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }
double seconds_of_nanos(std::uint64_t nanos) { return static_cast<double>(nanos) / 1e9; }

Family family(Family::Kind kind, const char* name, const char* help) {
  return {.kind = kind, .name = name, .help = help, .samples = {}};
}

void add_subtasks(std::vector<Family>& out, const JobReport& report) {
  Family in =
      family(Family::Kind::kCounter, "penstock_job_rows_in_total", "Rows that a subtask read.");
  Family written =
      family(Family::Kind::kCounter, "penstock_job_rows_out_total", "Rows that a subtask emitted.");
  Family busy = family(Family::Kind::kCounter, "penstock_job_busy_seconds_total",
                       "CPU time spent on a subtask.");
  Family blocked = family(Family::Kind::kCounter, "penstock_job_blocked_seconds_total",
                          "Time with output that receivers could not take.");
  for (const ChainReport& chain : report.chains)
    for (const SubtaskReport& subtask : chain.subtasks) {
      const Labels labels = {
          {"job", report.job}, {"chain", chain.name}, {"subtask", std::to_string(subtask.index)}};
      in.samples.push_back({labels, static_cast<double>(subtask.rows_in)});
      written.samples.push_back({labels, static_cast<double>(subtask.rows_out)});
      busy.samples.push_back({labels, seconds_of_nanos(subtask.busy_nanos)});
      blocked.samples.push_back({labels, seconds_of_nanos(subtask.blocked_nanos)});
    }
  out.insert(out.end(), {std::move(in), std::move(written), std::move(busy), std::move(blocked)});
}

void add_chains(std::vector<Family>& out, const JobReport& report) {
  Family late = family(Family::Kind::kCounter, "penstock_job_late_rows_total",
                       "Rows dropped because their window had fired.");
  Family bad = family(Family::Kind::kCounter, "penstock_job_undecodable_rows_total",
                      "Rows that could not be decoded and were skipped.");
  Family lag = family(Family::Kind::kGauge, "penstock_job_source_lag_rows",
                      "Rows that a source could read and has not; absent when unknown.");
  Family state =
      family(Family::Kind::kGauge, "penstock_job_state_bytes", "Keyed state of a chain.");
  for (const ChainReport& chain : report.chains) {
    const Labels labels = {{"job", report.job}, {"chain", chain.name}};
    late.samples.push_back({labels, static_cast<double>(chain.late_rows)});
    bad.samples.push_back({labels, static_cast<double>(chain.undecodable_rows)});
    state.samples.push_back({labels, static_cast<double>(chain.state_bytes)});
    if (chain.behind) lag.samples.push_back({labels, static_cast<double>(*chain.behind)});
  }
  out.insert(out.end(), {std::move(late), std::move(bad), std::move(lag), std::move(state)});
}

void add_one(std::vector<Family>& out, const JobReport& report, Family::Kind kind, const char* name,
             const char* help, double value) {
  Family one = family(kind, name, help);
  one.samples.push_back({{{"job", report.job}}, value});
  out.push_back(std::move(one));
}

http::Response answer(const http::Request& request, Job& job, const metrics::Registry& registry) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  if (request.method != "GET" && request.method != "HEAD")
    return {405, {{"Allow", "GET, HEAD"}}, "only GET\n"};
  if (path == "/healthz") return {200, {{"Content-Type", "text/plain"}}, "ok"};
  if (path == "/metrics")
    return {200, {{"Content-Type", std::string(metrics::kTextContentType)}}, registry.text()};
  if (path != "/readyz") return {404, {}, "this is /healthz, /readyz and /metrics\n"};
  const std::string phase = job.report().phase;
  const bool processes = phase == "Running" || phase == "Rescaling";
  return {processes ? 200 : 503,
          {{"Content-Type", "text/plain"}},
          processes ? "ok" : "the job is " + phase + "\n"};
}

class JobStatusServer final : public StatusServer {
 public:
  explicit JobStatusServer(Job& job)
      : collector_(registry_.add_collector([&job] { return to_families(job.report()); })) {}

  Status listen(Job& job, http::ServerOptions options) {
    TRY_ASSIGN(server_,
               http::Server::start(std::move(options),
                                   [this, &job](const http::Request& request) -> http::Reply {
                                     return answer(request, job, registry_);
                                   }));
    return ok();
  }
  std::uint16_t port() const override { return server_->port(); }

 private:
  metrics::Registry registry_;
  std::shared_ptr<void> collector_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace

std::vector<Family> to_families(const JobReport& report) {
  constexpr Family::Kind kGauge = Family::Kind::kGauge;
  constexpr Family::Kind kCounter = Family::Kind::kCounter;
  std::vector<Family> out;
  add_subtasks(out, report);
  add_chains(out, report);
  add_one(out, report, kGauge, "penstock_job_slots", "Slots that run.", report.running);
  add_one(out, report, kGauge, "penstock_job_wanted_slots", "Slots that are wanted.",
          report.wanted);
  add_one(out, report, kCounter, "penstock_job_restarts_total", "Restarts inside the process.",
          static_cast<double>(report.restarts));
  add_one(out, report, kCounter, "penstock_job_checkpoints_total", "Checkpoints published.",
          static_cast<double>(report.checkpoints.completed));
  add_one(out, report, kCounter, "penstock_job_checkpoints_failed_total",
          "Checkpoints that failed.", static_cast<double>(report.checkpoints.failed));
  add_one(out, report, kGauge, "penstock_job_checkpoint_hold_seconds",
          "Longest time that a subtask held the last barrier.",
          seconds_of(report.checkpoints.longest_hold));
  add_one(out, report, kCounter, "penstock_job_rescales_total", "Live rescales.",
          static_cast<double>(report.rescales.count));
  add_one(out, report, kGauge, "penstock_job_rescale_pause_seconds",
          "Longest pause of a moved key group in the last rescale.",
          seconds_of(report.rescales.longest_pause));
  if (report.following)
    add_one(out, report, kGauge, "penstock_job_follow_bytes_behind",
            "State that a follower has not fetched yet.",
            static_cast<double>(report.following->bytes_behind));
  if (report.move)
    add_one(out, report, kGauge, "penstock_job_move_pause_seconds",
            "From the predecessor's stop to the first row processed here.",
            seconds_of(report.move->pause));
  return out;
}

Result<std::unique_ptr<StatusServer>> StatusServer::start(Job& job, const std::string& address) {
  const std::size_t colon = address.rfind(':');
  http::ServerOptions options;
  const char* end = address.data() + address.size();
  if (colon == std::string::npos ||
      std::from_chars(address.data() + colon + 1, end, options.port).ptr != end ||
      colon + 1 == address.size())
    return Error{Code::kInvalid, "expected HOST:PORT, got " + address};
  options.address = address.substr(0, colon);
  auto server = std::make_unique<JobStatusServer>(job);
  TRY(server->listen(job, std::move(options)));
  return std::unique_ptr<StatusServer>(std::move(server));
}

}  // namespace penstock
