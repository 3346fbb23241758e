// Every "no" a PostgreSQL client can get from the gateway, in its own words: the one table of SQLSTATEs (security model §4(h)).
//
// Messages begin with "narrowgate: ". DETAIL carries the denial as JSON, HINT what would be allowed and how to ask. An Error's
// detail is for operators and stays here: the client gets a fixed sentence. ERROR leaves the session usable; after
// FATAL close it.
//
// In the extended protocol the engine sends it in place of the answer to the failing message and then skips to Sync.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "policy/decision.h"
#include "protocol/postgres/wire/upstream_login.h"
#include "protocol/wire/writer.h"

namespace narrowgate::postgres {

enum class Severity : std::uint8_t { notice, error, fatal };

// When it happens: a client that is not in yet can only be sent away.
enum class Moment : std::uint8_t { connect, session };

struct Refusal {
  Severity severity = Severity::error;
  std::string sqlstate = {};
  std::string message = {}, detail = {}, hint = {};
  std::string schema = {}, table = {};
};

Refusal refusal_for(const Denial& denial, Moment moment);
Refusal refusal_for(const Error& error, Moment moment);
// Our login upstream was refused: its SQLSTATE (57P03 if it is about our credential) and its words, as words of the upstream.
Refusal refusal_for(const UpstreamRefusal& refusal);
// A notice while a person is asked; the statement waits.
Refusal notice_for(const Hold& hold);

// As ErrorResponse, or NoticeResponse for a notice. Text is made printable.
void write(wire::Writer out, const Refusal& refusal);

}  // namespace narrowgate::postgres
