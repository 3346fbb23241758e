// PostgreSQL messages as a test writes and reads them: short makers of bytes, and one line of text for each message.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "protocol/postgres/wire/frames.h"

namespace narrowgate::testing {

using Texts = std::vector<std::string>;

// ---- what a client says
Bytes query(std::string_view text);
Bytes parse(std::string_view name, std::string_view text);
Bytes bind(std::string_view portal, std::string_view statement, const Texts& values = {});
Bytes describe(char kind, std::string_view name);
Bytes execute(std::string_view portal, int rows_max = 0);
Bytes close(char kind, std::string_view name);
Bytes sync();
Bytes flush();
Bytes terminate();
Bytes copy_data(std::string_view data);
Bytes copy_done();
Bytes copy_fail(std::string_view reason);
Bytes function_call(std::uint32_t oid);

// ---- what a server says
Bytes columns(const Texts& names);
Bytes row(const Texts& values);
Bytes complete(std::string_view tag);
Bytes ready(char status = 'I');
Bytes error(std::string_view sqlstate, std::string_view message = "no", std::string_view severity = "ERROR");
Bytes notice(std::string_view message);
Bytes notification(std::string_view channel, std::string_view payload);
Bytes parameter(std::string_view name, std::string_view value);
Bytes bare(char type);  // '1', '2', '3', 'n', 's', 'I', 'c'
Bytes copy_in();
Bytes copy_out();

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// "Parse s: SELECT 1", "Bind p s [1, 2]", "Execute p", "CopyData abc"
std::string client_line(const postgres::Frame& frame);
// "T a, b", "D 1, 2", "C SELECT 1", "Z I", "E 42501 narrowgate: …", "N …", "1"
std::string server_line(const postgres::Frame& frame);

}  // namespace narrowgate::testing
