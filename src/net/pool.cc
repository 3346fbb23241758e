#include <condition_variable>
#include <deque>
#include <mutex>

#include "net/loop.h"
#include "net/loop_impl.h"

namespace narrowgate::net {

struct Pool::Job {
  enum class State { in_line, running, over };
  std::function<void()> work;
  State state = State::in_line;  // guarded by the pool's mutex
  std::exception_ptr thrown;
  std::shared_ptr<Mailbox> reply;  // null: nobody waits
  std::weak_ptr<Event> finished;   // touched on the reply's loop only
};

struct Pool::Impl {
  std::mutex mutex;
  std::condition_variable more_work, job_over;
  std::deque<std::shared_ptr<Job>> line;
  bool closing = false;
  std::vector<Thread> threads;

  void put(std::shared_ptr<Job> job) {
    {
      const std::lock_guard lock(mutex);
      line.push_back(std::move(job));
    }
    more_work.notify_one();
  }

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      more_work.wait(lock, [this] { return closing || !line.empty(); });
      if (line.empty()) return;
      const std::shared_ptr<Job> job = std::move(line.front());
      line.pop_front();
      job->state = Job::State::running;
      lock.unlock();
      perform(*job);
      lock.lock();
      job->state = Job::State::over;
      job_over.notify_all();
      if (job->reply) tell(*job);
    }
  }

  static void perform(Job& job) {
    try {
      job.work();
    } catch (...) {
      job.thrown = std::current_exception();
    }
    job.work = nullptr;
  }

  static void tell(Job& job) {
    job.reply->post([finished = std::move(job.finished)] {
      if (const auto event = finished.lock()) event->set();
    });
  }

  // Takes the job back: at once if it has not begun, else after it has ended.
  void withdraw(const std::shared_ptr<Job>& job) {
    std::unique_lock lock(mutex);
    if (job->state == Job::State::in_line) std::erase(line, job);
    job_over.wait(lock, [&] { return job->state != Job::State::running; });
  }
};

// Lives in the awaiting coroutine's frame.
struct Pool::HandOff {
  std::shared_ptr<Impl> pool;
  std::shared_ptr<Job> job = std::make_shared<Job>();
  std::shared_ptr<Event> finished;

  HandOff(std::shared_ptr<Impl> to, Loop& loop, std::function<void()> work)
      : pool(std::move(to)), finished(std::make_shared<Event>(loop)) {
    job->work = std::move(work);
    job->reply = loop.impl().mailbox;
    job->finished = finished;
    pool->put(job);
  }
  HandOff(const HandOff&) = delete;
  HandOff& operator=(const HandOff&) = delete;
  ~HandOff() { pool->withdraw(job); }
};

Pool::Pool(std::size_t threads) : impl_(std::make_shared<Impl>()) {
  for (std::size_t i = 0; i < threads; ++i) {
    impl_->threads.push_back(Thread::start("pool", [impl = impl_.get()] { impl->work(); }));
  }
}

Pool::~Pool() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->closing = true;
  }
  impl_->more_work.notify_all();
  impl_->threads.clear();
}

void Pool::start(std::function<void()> work) {
  auto job = std::make_shared<Job>();
  job->work = std::move(work);
  impl_->put(std::move(job));
}

Task<void> Pool::hand_off(Loop& loop, std::function<void()> work) {
  HandOff hand_off(impl_, loop, std::move(work));
  (void)co_await hand_off.finished->wait(Duration::max());
  if (hand_off.job->thrown) std::rethrow_exception(hand_off.job->thrown);
}

}  // namespace narrowgate::net
