// The client's end: the one place that writes to it, so that messages from two coroutines never interleave.
//
// The relay writes chunks as they come from the upstream, which may end inside a message; everybody else says whole messages,
// which wait for the end of that message if need be.
#pragma once

#include <string>

#include "net/stream.h"

namespace narrowgate::postgres {

class ClientSide {
 public:
  explicit ClientSide(std::unique_ptr<net::Stream> stream)
      : stream_(std::move(stream)), free_(stream_->loop()), room_(stream_->loop()) {}

  // Relay only. `ends_inside` says whether `chunk` ends inside a message.
  Task<Result<Done>> relay(ByteView chunk, bool ends_inside);
  // Whole messages: written now, or by the relay after what it is about to write, or in the middle of. Waits if a slow client has
  // let too much pile up.
  Task<Result<Done>> say(std::string messages);
  // Without waiting, and only at the end of a message. For a client that is about to be cut off.
  void last_words(std::string_view messages);

  void close();

  net::Stream& stream() { return *stream_; }

 private:
  Task<Result<Done>> relay_later(ByteView chunk, bool ends_inside);
  Task<Result<Done>> write(ByteView bytes);
  Task<Result<Done>> write_on(Task<Result<Done>> first);
  bool more_to_say() const { return !inside_ && !relay_waits_ && !waiting_.empty(); }

  std::unique_ptr<net::Stream> stream_;
  net::Event free_;      // for the relay
  net::Event room_;      // for those who say
  std::string waiting_;  // said while it could not be written
  bool writing_ = false;
  bool relay_waits_ = false;  // with a chunk whose answers count as given: nothing said now may overtake it
  bool inside_ = false;       // the last chunk ended inside a message
};

}  // namespace narrowgate::postgres
