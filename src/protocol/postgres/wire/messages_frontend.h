// What a client says after its startup packet: bytes ↔ structs.
//
// decode() takes a frame apart with every rule of the protocol checked: all bytes used, strings closed, counts that fit what is
// there, format codes 0 or 1 and their number 0, 1 or n. The structs borrow from the frame. write() puts a fresh message
// behind whatever is in the buffer; the gateway sends only what write() made, never a client's own bytes.
//
// The password family ('p') has three shapes that only the login can tell apart, so each has its own decoder.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/postgres/wire/frames.h"
#include "protocol/wire/writer.h"

namespace narrowgate::postgres {

enum class Format : std::uint16_t { text = 0, binary = 1 };
using Value = std::optional<ByteView>;  // nothing: SQL NULL

namespace frontend {

enum class NameKind : char { statement = 'S', portal = 'P' };

struct Query {
  std::string_view text;
};
struct Parse {
  std::string_view statement, text;
  std::vector<std::uint32_t> types;  // 0: the server may choose
};
struct Bind {
  std::string_view portal, statement;
  std::vector<Format> formats;  // none: all text; one: for all; else one per value
  std::vector<Value> values;
  std::vector<Format> result_formats;
};
struct Describe {
  NameKind kind = NameKind::statement;
  std::string_view name;
};
struct Execute {
  std::string_view portal;
  std::int32_t rows_max = 0;  // 0 or less: all
};
struct Close {
  NameKind kind = NameKind::statement;
  std::string_view name;
};
struct Sync {};
struct Flush {};
struct Terminate {};
struct CopyData {
  ByteView data;
};
struct CopyDone {};
struct CopyFail {
  std::string_view reason;
};
struct FunctionCall {
  std::uint32_t function = 0;
  std::vector<Format> formats;
  std::vector<Value> values;
  Format result_format = Format::text;
};

using Message = std::variant<Query, Parse, Bind, Describe, Execute, Close, Sync, Flush, Terminate, CopyData, CopyDone, CopyFail,
                             FunctionCall>;

Result<Message> decode(const Frame& frame);

Result<std::string_view> decode_password(ByteView body);
struct SaslInitial {
  std::string_view mechanism;
  std::optional<std::string_view> data;  // nothing: the client waits for the server to begin
};
Result<SaslInitial> decode_sasl_initial(ByteView body);
inline std::string_view decode_sasl_response(ByteView body) { return as_text(body); }

// The format of value or column `index`; text beyond the list's end (a client may name the wrong number for results).
inline Format format_of(const std::vector<Format>& formats, std::size_t index) {
  const std::size_t at = formats.size() == 1 ? 0 : index;
  return at < formats.size() ? formats[at] : Format::text;
}

void write(wire::Writer out, const Query& message);
void write(wire::Writer out, const Parse& message);
void write(wire::Writer out, const Bind& message);
void write(wire::Writer out, const Describe& message);
void write(wire::Writer out, const Execute& message);
void write(wire::Writer out, const Close& message);
void write(wire::Writer out, const Sync& message);
void write(wire::Writer out, const Flush& message);
void write(wire::Writer out, const Terminate& message);
void write(wire::Writer out, const CopyData& message);
void write(wire::Writer out, const CopyDone& message);
void write(wire::Writer out, const CopyFail& message);
void write(wire::Writer out, const FunctionCall& message);
inline void write(wire::Writer out, const Message& message) {
  std::visit([&](const auto& one) { write(out, one); }, message);
}
void write_password(wire::Writer out, std::string_view password);
void write_sasl_initial(wire::Writer out, const SaslInitial& message);
void write_sasl_response(wire::Writer out, std::string_view data);

}  // namespace frontend
}  // namespace narrowgate::postgres
