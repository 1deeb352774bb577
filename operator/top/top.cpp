#include "operator/top/top.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "controllers/api/json.h"
#include "operator/k8s/reader.h"
#include "operator/top/render.h"

namespace penstock {
namespace {

constexpr Duration kPeriod = std::chrono::seconds(1);

Result<std::vector<api::StreamJob>> read_jobs(k8s::Transport& transport, const std::string& only) {
  TRY_ASSIGN(const k8s::ObjectList list, k8s::Reader(transport).list_all(k8s::stream_jobs(), ""));
  std::vector<api::StreamJob> jobs;
  for (const k8s::Object& object : list.items)
    if (only.empty() || object.key().name == only)
      jobs.push_back(api::decode_text<api::StreamJob>(object.text()).value);
  return jobs;
}

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 100;
}

}  // namespace

Status run_top(k8s::Transport& transport, const TopOptions& options, Clock& clock,
               const std::stop_token& stop) {
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  do {
    const auto jobs = read_jobs(transport, options.job);
    if (!jobs && (options.once || !terminal)) return jobs.error();
    const Screen screen{
        .width = terminal ? terminal_width() : 160, .colour = terminal, .now = clock.now()};
    std::string text = jobs ? render_jobs(*jobs, screen)
                            : "cannot reach the API server: " + jobs.error().message + "\n";
    if (terminal && !options.once) text = "\x1b[H\x1b[2J" + text;
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  } while (!options.once && terminal && clock.sleep(kPeriod, stop));
  return ok();
}

}  // namespace penstock
