// A library that is loaded before a program's own (LD_PRELOAD): counts what the program allocates,
// the program itself being the one that users run. At its end it writes the count to the file that
// PENSTOCK_ALLOCATIONS names.

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdlib>

extern "C" {
// glibc's own, behind the names that are taken here.
// NOLINTBEGIN(bugprone-reserved-identifier)
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
// NOLINTEND(bugprone-reserved-identifier)
}

namespace {

std::atomic<unsigned long long> allocations{0};

void count() { allocations.fetch_add(1, std::memory_order_relaxed); }

struct AtTheEnd {
  ~AtTheEnd() {
    const char* path = std::getenv("PENSTOCK_ALLOCATIONS");
    if (path == nullptr) return;
    std::array<char, 24> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), allocations.load()).ptr;
    const int file = ::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return;
    static_cast<void>(!::write(file, text.data(), static_cast<std::size_t>(end - text.data())));
    ::close(file);
  }
};
const AtTheEnd at_the_end;

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
  count();
  return __libc_malloc(size);
}
void* calloc(std::size_t number, std::size_t size) {
  count();
  return __libc_calloc(number, size);
}
void* realloc(void* old, std::size_t size) {
  count();
  return __libc_realloc(old, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  count();
  *out = __libc_memalign(alignment, size);
  return *out == nullptr ? ENOMEM : 0;
}
}
