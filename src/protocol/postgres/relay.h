// Upstream → client: every answer, in order, as fast as the two sockets allow.
//
// A chunk whose messages all pass on goes to the client as it came, without a copy. Only messages that need looking at are looked
// at; rows and copy data are counted.
#pragma once

#include "protocol/postgres/answers.h"
#include "protocol/postgres/client_side.h"
#include "protocol/postgres/wire/frames.h"

namespace narrowgate::postgres {

class Relay {
 public:
  enum class Words : bool { printable, raw };  // of errors and notices
  // Borrows all of them; they outlive run(). `detectors`: what must not leave in errors, notices and notifications either.
  Relay(net::Stream& upstream, ClientSide& client, Answers& answers, Words words, const detect::Detectors* detectors)
      : upstream_(upstream), client_(client), answers_(answers), words_(words), detectors_(detectors) {}

  // Until one side ends, or it was told to stop: then all went well.
  Task<Result<Done>> run();
  // As soon as nothing is owed any more.
  void stop_when_idle() { stopping_ = true; }

 private:
  Result<Done> sort(ByteView chunk);
  Result<Done> sort_message(const RelayStep& step);
  Result<Done> mask_row(const RelayStep& step);
  Result<std::string> in_other_words(const RelayStep& step) const;
  void pass(ByteView bytes);
  void pass_new(std::string& bytes);
  void set_budget();

  net::Stream& upstream_;
  ClientSide& client_;
  Answers& answers_;
  const Words words_;
  const detect::Detectors* const detectors_;
  RelayScanner scanner_;
  ByteView chunk_;  // what was read
  ByteView run_;    // of the chunk: passes on as it is, after made_
  Bytes made_;      // what had to be put together
  bool budgeted_ = false;
  bool stopping_ = false;
  bool ends_inside_ = false;  // what passed on last stops inside a row
};

}  // namespace narrowgate::postgres
