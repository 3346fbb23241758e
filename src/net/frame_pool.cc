#include "net/frame_pool.h"

#include <array>
#include <new>
#include <utility>

namespace narrowgate::detail {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kPooling = false;  // it should see every frame come and go
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kPooling = false;
#else
constexpr bool kPooling = true;
#endif
#else
constexpr bool kPooling = true;
#endif

constexpr std::size_t kStep = 64;     // frames are kept by size, in steps of so many bytes
constexpr std::size_t kSizes = 64;    // larger ones are left to the allocator
constexpr unsigned kKeptOfEach = 64;  // a burst of sessions gives its memory back

constexpr std::size_t size_index(std::size_t bytes) { return (bytes + kStep - 1) / kStep; }

struct FreeFrame {
  FreeFrame* next;
};
struct FreeList {
  FreeFrame* first = nullptr;
  unsigned count = 0;
};

constinit thread_local std::array<FreeList, kSizes> free_lists{};
constinit thread_local bool thread_ends = false;

struct Emptied {
  ~Emptied() {
    thread_ends = true;
    for (FreeList& list : free_lists) {
      while (list.first) ::operator delete(std::exchange(list.first, list.first->next));
      list.count = 0;
    }
  }
};

void empty_at_thread_end() {
  thread_local const Emptied emptied;
  (void)emptied;
}

}  // namespace

void* take_frame(std::size_t bytes) {
  const std::size_t index = size_index(bytes);
  if (!kPooling || index >= kSizes) return ::operator new(bytes);
  FreeList& list = free_lists[index];
  if (!list.first) return ::operator new(index * kStep);
  --list.count;
  return std::exchange(list.first, list.first->next);
}

void give_frame(void* frame, std::size_t bytes) noexcept {
  const std::size_t index = size_index(bytes);
  if (!kPooling || index >= kSizes || thread_ends) return ::operator delete(frame);
  FreeList& list = free_lists[index];
  if (list.count == kKeptOfEach) return ::operator delete(frame);
  if (list.count == 0) empty_at_thread_end();
  list.first = new (frame) FreeFrame{list.first};
  ++list.count;
}

}  // namespace narrowgate::detail
