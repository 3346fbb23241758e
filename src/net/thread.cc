#include <pthread.h>

#include <cerrno>

#include "base/limits.h"
#include "net/loop.h"

namespace narrowgate::net {

struct Thread::Impl {
  std::string name;
  std::function<void()> body;
  pthread_t handle{};

  static void* enter(void* self) noexcept {  // an exception that gets here ends the process
    auto& impl = *static_cast<Impl*>(self);
    pthread_setname_np(pthread_self(), impl.name.c_str());
    impl.body();
    return nullptr;
  }
};

Thread Thread::start(const char* name, std::function<void()> body) {
  Thread thread;
  thread.impl_ = std::make_unique<Impl>();
  thread.impl_->name = std::string(name).substr(0, 15);  // the kernel's limit
  thread.impl_->body = std::move(body);

  pthread_attr_t attributes;
  NG_CHECK(pthread_attr_init(&attributes) == 0);
  NG_CHECK(pthread_attr_setstacksize(&attributes, limits::thread_stack_bytes) == 0);
  NG_CHECK(pthread_create(&thread.impl_->handle, &attributes, &Impl::enter, thread.impl_.get()) == 0);
  pthread_attr_destroy(&attributes);
  return thread;
}

void Thread::join() {
  if (!impl_) return;
  NG_CHECK(pthread_join(impl_->handle, nullptr) == 0);
  impl_.reset();
}

Thread::Thread() = default;
Thread::Thread(Thread&&) noexcept = default;
Thread& Thread::operator=(Thread&& other) noexcept {
  join();
  impl_ = std::move(other.impl_);
  return *this;
}
Thread::~Thread() { join(); }

}  // namespace narrowgate::net
