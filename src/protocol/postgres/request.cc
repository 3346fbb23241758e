#include "protocol/postgres/request.h"

#include "protocol/postgres/wire/messages_frontend.h"

namespace narrowgate::postgres {
namespace {

std::string rendered(const Value& value, Format format) {
  if (!value) return "NULL";
  if (format == Format::binary || !is_utf8(as_text(*value))) return "\\x" + to_hex(*value);
  return '\'' + std::string(as_text(*value)) + '\'';
}

std::optional<frontend::Bind> bind_of(const std::shared_ptr<const Portal>& portal) {
  if (!portal || portal->bind.empty()) return std::nullopt;
  auto decoded = frontend::decode({'B', as_bytes(portal->bind), portal->bind.size()});
  if (!decoded.ok()) return std::nullopt;
  return std::get<frontend::Bind>(std::move(decoded).take());
}

}  // namespace

std::vector<ParameterValue> PostgresRequest::values() const {
  std::vector<ParameterValue> out;
  if (const auto bind = bind_of(portal))
    for (const Value& value : bind->values) out.push_back({0, !value, value.value_or(ByteView())});
  return out;
}

std::vector<std::string> PostgresRequest::parameters() const {
  std::vector<std::string> out;
  const auto decoded = bind_of(portal);
  if (!decoded) return out;
  const frontend::Bind& bind = *decoded;
  for (std::size_t i = 0; i < bind.values.size(); ++i)
    out.push_back(rendered(bind.values[i], frontend::format_of(bind.formats, i)));
  return out;
}

void PostgresRequest::keep() {
  kept_sql_ = sql;
  kept_message_.assign(message.begin(), message.end());
  sql = kept_sql_;
  message = kept_message_;
}

}  // namespace narrowgate::postgres
