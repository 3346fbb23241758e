// Task<T>: a coroutine that runs when awaited and hands its value to the one who awaits.
//
// Lazy, move-only, [[nodiscard]]; awaited where made. State travels as parameters, by value, or by reference to something the
// awaiting caller keeps alive; a coroutine lambda captures nothing. Nothing borrowed from a read buffer crosses a co_await on
// that stream. An exception that leaves a coroutine is rethrown where it is awaited; ours do not throw.
//
// Arguments of an awaited call are named first if they are braced or conditional (co_await f({a, b}), co_await f(c ? x : y)): g++
// 12 destroys such temporaries twice.
//
// A plain function may return a Task too: of a value it knows already, at no cost, or the one of a coroutine that has to wait.
// What is usually there at once is written that way.
//
// A task that ends without waiting costs its awaiter no stack, in any build: compilers turn a jump between coroutines into a
// plain call at -O0, so a loop over ready reads would otherwise overflow in debug and sanitizer builds.
#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "base/check.h"
#include "net/frame_pool.h"

namespace narrowgate {

template <class T>
class [[nodiscard]] Task;

namespace detail {

struct TaskPromiseBase {
  std::coroutine_handle<> waiter = std::noop_coroutine();  // set once the task had to wait
  std::exception_ptr thrown;

  struct Final {
    bool await_ready() noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) noexcept {
      return self.promise().waiter;
    }
    void await_resume() noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { thrown = std::current_exception(); }

  static void* operator new(std::size_t bytes) { return take_frame(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept { give_frame(frame, bytes); }
};

// Runs `self` as far as it goes; whether `waiter` has to be suspended until it ends.
template <class P>
bool start_task(std::coroutine_handle<P> self, std::coroutine_handle<> waiter) {
  self.resume();
  if (self.done()) return false;
  self.promise().waiter = waiter;
  return true;
}

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type : detail::TaskPromiseBase {
    std::optional<T> value;
    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    template <class U>
    void return_value(U&& made) {
      value.emplace(std::forward<U>(made));
    }
  };

  template <class U>
    requires std::convertible_to<U, T> && (!std::same_as<std::remove_cvref_t<U>, Task>)
  Task(U&& known) : known_(std::in_place, std::forward<U>(known)) {}  // NOLINT: implicit on purpose
  Task(Task&& other) noexcept : self_(std::exchange(other.self_, {})), known_(std::move(other.known_)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (self_) self_.destroy();
  }

  // Is the value here, without a wait? Then it can be had without a coroutine.
  bool is_known() const noexcept { return known_.has_value(); }
  T& known() { return *known_; }

  bool await_ready() const noexcept { return is_known(); }
  bool await_suspend(std::coroutine_handle<> waiter) { return detail::start_task(self_, waiter); }
  T await_resume() {
    if (known_) return std::move(*known_);
    auto& promise = self_.promise();
    if (promise.thrown) std::rethrow_exception(promise.thrown);
    NG_CHECK(promise.value.has_value());
    return std::move(*promise.value);
  }

 private:
  explicit Task(std::coroutine_handle<promise_type> self) : self_(self) {}
  std::coroutine_handle<promise_type> self_;
  std::optional<T> known_;
};

template <>
class [[nodiscard]] Task<void> {
 public:
  struct promise_type : detail::TaskPromiseBase {
    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    void return_void() noexcept {}
  };

  Task(Task&& other) noexcept : self_(std::exchange(other.self_, {})) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (self_) self_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) { return detail::start_task(self_, waiter); }
  void await_resume() {
    if (self_.promise().thrown) std::rethrow_exception(self_.promise().thrown);
  }

 private:
  explicit Task(std::coroutine_handle<promise_type> self) : self_(self) {}
  std::coroutine_handle<promise_type> self_;
};

}  // namespace narrowgate
