// One event loop, one thread. Everything that lives on a loop is touched by that thread only; others reach it by post().
//
// Waking is never done in the middle of somebody else's function: set(), close() and the end of background work make the waiter
// run later, from the loop itself. A coroutine may be destroyed wherever it waits; nothing will try to wake it then.
// The I/O library (Boost.Asio) is seen by the .cc files of this folder alone.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "base/clock.h"
#include "base/result.h"
#include "net/task.h"

namespace narrowgate::net {

class Loop {
 public:
  Loop();
  ~Loop();  // Destroys what was spawned and has not ended, newest first.
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs on the calling thread until stop() and until nothing spawned is left. The thread wants a stack of
  // limits::thread_stack_bytes (Thread below gives one).
  void run();
  void stop();                            // from any thread
  void post(std::function<void()> work);  // from any thread; runs on the loop's thread, in order
  bool on_this_thread() const;

  // Starts `task`: now on the loop's own thread, from another one (or before run()) as soon as the loop comes to it. The loop
  // owns it until it ends. What it borrows must outlive it: prefer TaskGroup. An exception that leaves it ends the process.
  void spawn(Task<void> task);
  std::size_t spawned() const;  // how many have not ended

  struct Impl;
  Impl& impl() { return *impl_; }  // for this folder

 private:
  std::unique_ptr<Impl> impl_;
};

// A thread with a stack big enough to parse hostile SQL on. Joined by the destructor.
class Thread {
 public:
  Thread();
  static Thread start(const char* name, std::function<void()> body);
  Thread(Thread&&) noexcept;
  Thread& operator=(Thread&&) noexcept;
  ~Thread();
  void join();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

enum class Wake { fired, timed_out };

// Something to wait for on one loop, many times. set() wakes the one waiter (or the next to wait); it does not queue.
class Event {
 public:
  explicit Event(Loop& loop);
  ~Event();
  Event(Event&&) noexcept;            // while nobody waits
  void set();                         // on the loop's thread
  Task<Wake> wait(Duration at_most);  // Duration::max(): without a deadline
  bool is_set() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Background work of one object, on one loop. The object's stop() awaits join(); destroying a group that still runs is a bug.
class TaskGroup {
 public:
  explicit TaskGroup(Loop& loop) : loop_(loop), idle_(loop) {}
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  void start(Task<void> task);
  Task<void> join();  // until none runs; one waiter at a time
  std::size_t running() const { return running_; }

 private:
  struct Member;
  static Task<void> run(TaskGroup& group, Task<void> task);
  Loop& loop_;
  Event idle_;
  std::size_t running_ = 0;
};

Task<void> sleep_for(Loop& loop, Duration duration);

// Runs blocking work (SQLite, files, DNS) on a few threads, and resumes on `loop`.
//
// If the awaiting coroutine is destroyed first, work that has not begun never begins, and work that has is waited for, there and
// then: it may borrow from the coroutine.
class Pool {
 public:
  explicit Pool(std::size_t threads);
  ~Pool();  // Finishes what was handed to it.
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  template <class F>
  Task<std::invoke_result_t<F>> run(Loop& loop, F work) {
    std::optional<std::invoke_result_t<F>> out;
    std::function<void()> job = [&out, &work] { out.emplace(work()); };
    co_await hand_off(loop, std::move(job));
    co_return std::move(*out);
  }
  // Without anybody to wait for it. It must own what it touches.
  void start(std::function<void()> work);

 private:
  struct Job;
  struct HandOff;
  Task<void> hand_off(Loop& loop, std::function<void()> work);
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace narrowgate::net
