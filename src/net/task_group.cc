#include "net/loop.h"

namespace narrowgate::net {

// Counts one task for as long as its frame lives, however that ends.
struct TaskGroup::Member {
  TaskGroup& group;
  explicit Member(TaskGroup& in) : group(in) {}
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;
  ~Member() {
    if (--group.running_ == 0) group.idle_.set();
  }
};

TaskGroup::~TaskGroup() { NG_CHECK(running_ == 0); }

Task<void> TaskGroup::run(TaskGroup& group, Task<void> task) {
  const Member member(group);
  co_await task;
}

void TaskGroup::start(Task<void> task) {
  ++running_;
  loop_.spawn(run(*this, std::move(task)));
}

Task<void> TaskGroup::join() {
  while (running_ > 0) (void)co_await idle_.wait(Duration::max());
}

}  // namespace narrowgate::net
