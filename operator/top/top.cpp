#include "operator/top/top.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
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

// Of the terminal as it is now: asked each time, so that a resize is followed.
Screen screen_now(bool terminal, Millis now) {
  if (!terminal) return {.width = 160, .now = now};
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20;
  return {.width = known ? size.ws_col : std::size_t{80},
          .height = known ? size.ws_row : std::size_t{0},
          .colour = true,
          .now = now};
}

std::size_t rows_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

// The other screen of the terminal, without a cursor, until the end: what stood there before comes
// back, whatever ends us but SIGKILL.
class OtherScreen {
 public:
  explicit OtherScreen(bool used) : used_(used) {
    if (used_) print("\x1b[?1049h\x1b[?25l");
  }
  ~OtherScreen() {
    if (used_) print("\x1b[?25h\x1b[?1049l");
  }
  OtherScreen(const OtherScreen&) = delete;
  OtherScreen& operator=(const OtherScreen&) = delete;

 private:
  const bool used_;
};

// Each row over the one that stood there, so that nothing flickers.
std::string over_the_last(const std::string& text) {
  std::string out = "\x1b[H";
  for (const char c : text) out += c == '\n' ? std::string("\x1b[K\r\n") : std::string(1, c);
  return out + "\x1b[J";
}

}  // namespace

Status run_top(k8s::Transport& transport, const TopOptions& options, Clock& clock,
               const std::stop_token& stop) {
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  const bool live = terminal && !options.once;
  const OtherScreen other(live);
  const std::string note = options.note.empty() ? "" : "\n" + options.note + "\n";
  do {
    const auto jobs = read_jobs(transport, options.job);
    if (!jobs && !live) return jobs.error();
    Screen screen = screen_now(terminal, clock.now());
    if (!live) screen.height = 0;
    if (screen.height > rows_of(note) + 2) screen.height -= rows_of(note);
    const std::string text = jobs ? render_jobs(*jobs, screen)
                                  : "cannot reach the API server: " + jobs.error().message + "\n";
    print(live ? over_the_last(text + note) : text);
  } while (live && clock.sleep(kPeriod, stop));
  return ok();
}

}  // namespace penstock
