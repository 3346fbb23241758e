// A queue that reuses its room: in a steady flow it allocates nothing, where std::deque would for every large element.
#pragma once

#include <utility>
#include <vector>

#include "base/check.h"

namespace narrowgate {

template <class T>
class Ring {
 public:
  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }
  T& front() { return (*this)[0]; }
  const T& front() const { return (*this)[0]; }
  T& operator[](std::size_t index) { return NG_CHECK(index < count_), room_[at(index)]; }
  const T& operator[](std::size_t index) const { return NG_CHECK(index < count_), room_[at(index)]; }

  void push(T value) {
    if (count_ == room_.size()) grow();
    room_[at(count_++)] = std::move(value);
  }
  T pop() {
    T value = std::move(front());  // its room is filled again by a later push
    // Emptied, it begins at the start again: memory used a moment ago is the fastest there is.
    first_ = --count_ == 0 ? 0 : at(1);
    if (count_ == 0 && room_.size() > idle_room) room_ = {};
    return value;
  }

 private:
  static constexpr std::size_t first_room = 8, idle_room = 64;  // always a power of two

  std::size_t at(std::size_t index) const { return (first_ + index) & (room_.size() - 1); }
  void grow() {
    std::vector<T> wider(room_.empty() ? first_room : room_.size() * 2);
    for (std::size_t i = 0; i < count_; ++i) wider[i] = std::move(room_[at(i)]);
    room_ = std::move(wider);
    first_ = 0;
  }

  std::vector<T> room_;
  std::size_t first_ = 0, count_ = 0;
};

}  // namespace narrowgate
