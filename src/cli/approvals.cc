// narrowgate approvals: operations on hold.
#include "base/clock.h"
#include "cli/cli.h"
#include "cli/gateway_client.h"
#include "cli/print.h"
#include "http/message.h"

namespace narrowgate::cli {
namespace {

struct Options {
  Where where;
  std::string id, state, reason = "not_now", words;
  bool once = false;
  std::uint64_t uses = 1, rows_max = 0;
};

std::string path_of(const Options& options) { return "/api/v1/approvals/" + http::percent_encode(options.id); }

const json::object& object_at(const json::object& object, const char* key) {
  static const json::object none;
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? value->get_object() : none;
}

std::string one_line(std::string text, std::size_t most) {
  for (char& c : text)
    if (c == '\n' || c == '\t') c = ' ';
  return text.size() <= most ? text : text.substr(0, most) + "…";
}

Result<int> list(const Options& options) {
  NG_TRY(const GatewayClient client, GatewayClient::create(options.where));
  NG_TRY(const json::object answer, client.get("/api/v1/approvals" + query({{"state", options.state}})));
  if (options.where.json) return print_json(answer), 0;
  std::vector<std::vector<std::string>> rows;
  for (const json::value& one : answer.at("approvals").as_array()) {
    const json::object& held = one.as_object();
    rows.push_back({text_of(held, "id"), text_of(held, "state"), text_of(held, "agent"), text_of(held, "resource"),
                    text_of(held, "expires"), one_line(text_of(held, "statement_shown"), 60)});
  }
  print_table({"APPROVAL", "STATE", "AGENT", "RESOURCE", "EXPIRES", "STATEMENT"}, rows, "nothing waits");
  return 0;
}

// 0 does not limit.
std::string ceiling_of(const json::object& ceiling) {
  std::vector<std::string> out;
  const auto add = [&](const char* member, const char* words) {
    if (const std::string most = text_of(ceiling, member); !most.empty() && most != "0")
      out.push_back(fmt::format(fmt::runtime(words), most));
  };
  add("rows_written", "at most {} rows changed, or it is rolled back");
  add("rows_read", "at most {} rows read");
  add("bytes", "at most {} bytes");
  if (const std::string ms = text_of(ceiling, "statement_ms"); !ms.empty() && ms != "0")
    out.push_back("at most " + format_duration(std::chrono::milliseconds(std::stoll(ms))));
  return out.empty() ? "none" : fmt::format("{}", fmt::join(out, "; "));
}

std::string value_of(const json::object& cell, const char* member) {
  const json::value* value = cell.if_contains(member);
  return value == nullptr || !value->is_string() ? "NULL" : '\'' + std::string(value->as_string()) + '\'';
}

// "id '7'  state 'stuck' → 'void'"
std::string in_words(const json::array& row) {
  std::vector<std::string> out;
  for (const json::value& one : row) {
    const json::object& cell = one.as_object();
    const bool changes = text_of(cell, "changes") == "true";
    out.push_back(fmt::format("{} {}{}", text_of(cell, "column"), value_of(cell, "value"),
                              changes ? " → " + value_of(cell, "becomes") : ""));
  }
  return fmt::format("{}", fmt::join(out, "  "));
}

// What would happen if it ran now.
void print_preview(const json::object& preview) {
  if (const std::string rows = text_of(preview, "rows"); !rows.empty())
    print_line(fmt::format("rows       {}{}, counted now", text_of(preview, "more") == "true" ? "more than " : "", rows));
  for (const char* member : {"samples", "triggers"}) {
    const json::value* list = preview.if_contains(member);
    if (list == nullptr || !list->is_array()) continue;
    for (const json::value& one : list->as_array())
      print_line(one.is_array() ? "  such as  " + in_words(one.as_array()) : "trigger    " + std::string(one.as_string()));
  }
  if (const std::string why = text_of(preview, "incomplete"); !why.empty())
    print_line("not shown  all of what it would do: " + why);
}

void print_held(const json::object& held) {
  print_line(fmt::format("{}  {}  expires {}", text_of(held, "id"), text_of(held, "state"), text_of(held, "expires")));
  print_line(fmt::format("who        {} (owner {}{})", text_of(held, "agent"), text_of(held, "owner"),
                         text_of(held, "on_behalf_of").empty() ? "" : ", for " + text_of(held, "on_behalf_of")));
  print_line(fmt::format("task       {} {}  the agent's words: \"{}\"", text_of(held, "template"), text_of(held, "task"),
                         text_of(held, "agent_reason")));
  print_line(
      fmt::format("why held   {}  by {}", text_of(held, "reason"), held.contains("policies") ? joined(held.at("policies")) : ""));
  print_line(
      fmt::format("may decide {} of {}", text_of(held, "quorum"), held.contains("groups") ? joined(held.at("groups")) : ""));
  print_line(fmt::format("statement  {}", text_of(held, "digest")));
  print_line("  " + text_of(held, "statement_shown"));
  if (const json::value* parameters = held.if_contains("parameters_shown");
      parameters != nullptr && !parameters->as_array().empty())
    print_line("  with " + joined(*parameters));
  print_line(fmt::format("effect     {}", held.contains("effects") ? joined(held.at("effects"), "; ") : ""));
  if (held.contains("declared") && !held.at("declared").as_array().empty())
    print_line(fmt::format("declared   {}", joined(held.at("declared"), "; ")));
  print_preview(object_at(held, "preview"));
  if (const json::value* plan = held.if_contains("plan"); plan != nullptr && plan->is_array() && !plan->as_array().empty()) {
    print_line("plan       by the database, estimated");
    for (const json::value& line : plan->as_array()) print_line("  " + std::string(line.as_string()));
  }
  print_line("ceiling    " + ceiling_of(object_at(held, "ceiling")));
}

Result<int> show(const Options& options) {
  NG_TRY(const GatewayClient client, GatewayClient::create(options.where));
  NG_TRY(const json::object held, client.get(path_of(options)));
  if (options.where.json) return print_json(held), 0;
  print_held(held);
  const char* how_often = text_of(held, "for_task") == "true" ? "--once (or --uses N)" : "--once";
  if (text_of(held, "you_may_decide") == "true")
    print_line(fmt::format(
        "decide     narrowgate approvals approve {0} {1}   or   narrowgate approvals deny {0} --reason too_broad --words '…'",
        text_of(held, "id"), how_often));
  else print_line("decide     not you: " + text_of(held, "because"));
  return 0;
}

// The digest of what is there now: the gateway refuses if it is not this any more by the time we decide.
Result<int> decide(const Options& options, const char* verb, json::object body) {
  NG_TRY(const GatewayClient client, GatewayClient::create(options.where));
  NG_TRY(const json::object held, client.get(path_of(options)));
  body["digest"] = text_of(held, "digest");
  if (!options.words.empty()) body["words"] = options.words;
  NG_TRY(const json::object answer, client.post(path_of(options) + "/" + verb, body));
  if (options.where.json) return print_json(answer), 0;
  print_line(fmt::format("{} is {}: {}", text_of(answer, "id"), text_of(answer, "state"),
                         one_line(text_of(held, "statement_shown"), 100)));
  return 0;
}

Result<int> approve(const Options& options) {
  if (options.once && options.uses > 1)
    return Error{Code::malformed, Blame::client, "--once and --uses say different things; give one"};
  json::object body;
  if (options.uses > 1) body["uses"] = options.uses;
  if (options.rows_max > 0) body["rows_max"] = options.rows_max;
  return decide(options, "approve", std::move(body));
}

Result<int> deny(const Options& options) { return decide(options, "deny", {{"reason", options.reason}}); }

Result<int> requests(const Options& options) {
  NG_TRY(const GatewayClient client, GatewayClient::create(options.where));
  NG_TRY(const json::object answer, client.get("/api/v1/requests"));
  if (options.where.json) return print_json(answer), 0;
  std::vector<std::vector<std::string>> rows;
  for (const json::value& one : answer.at("requests").as_array()) {
    const json::object& asked = one.as_object();
    rows.push_back({text_of(asked, "decision"), text_of(asked, "agent"), text_of(asked, "resource"), text_of(asked, "code"),
                    text_of(asked, "why")});
  }
  print_table({"DECISION", "AGENT", "RESOURCE", "DENIED AS", "THE AGENT'S WORDS"}, rows, "no agent has asked for more");
  return 0;
}

}  // namespace

void add_approvals(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* approvals = app.add_subcommand("approvals", "Operations on hold");
  approvals->require_subcommand(1);
  const auto add = [&](const char* name, const char* about, auto action) {
    CLI::App* command = approvals->add_subcommand(name, about);
    options->where.add_to(*command);
    command->callback([=, &chosen] { chosen.run = [=] { return action(*options); }; });
    return command;
  };
  const auto for_one = [&](CLI::App* command) { command->add_option("approval", options->id, "apr_…")->required(); };
  add("list", "What waits", list)
      ->add_option("--state", options->state, "pending (default), approved, denied, consumed, expired, …, any");
  for_one(add("show", "One, whole", show));
  CLI::App* agree = add("approve", "Agree to exactly what is shown", approve);
  for_one(agree);
  agree->add_flag("--once", options->once, "it may run once (the default)");
  agree->add_option("--uses", options->uses, "it may run this often within its task");
  agree->add_option("--rows-max", options->rows_max, "a lower ceiling of rows than was asked for");
  agree->add_option("--words", options->words, "for the record");
  CLI::App* no = add("deny", "Say no, so that the agent can act on it", deny);
  for_one(no);
  no->add_option("--reason", options->reason, "wrong_target, too_broad, need_ticket, not_now, use_instead")
      ->capture_default_str();
  no->add_option("--words", options->words, "for the agent");
  add("requests", "What agents asked for after a denial", requests);
}

}  // namespace narrowgate::cli
