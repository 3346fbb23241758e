// narrowgate resources, templates, tasks, grants, live: what there is.
#include "cli/cli.h"
#include "cli/gateway_client.h"
#include "cli/print.h"

namespace narrowgate::cli {
namespace {

// A listing: where it comes from, and which members make its columns.
struct Listing {
  const char* command;
  const char* about;
  const char* path;
  const char* member;
  std::vector<const char*> columns;
  const char* nothing;
};

const std::vector<Listing>& listings() {
  static const std::vector<Listing> all{
      {"resources",
       "What is behind the gateway",
       "/api/v1/resources",
       "resources",
       {"name", "kind", "environment", "upstream", "sessions"},
       "no resources are configured"},
      {"templates",
       "What each kind of work may need at most",
       "/api/v1/templates",
       "templates",
       {"name", "agents", "duration"},
       "no templates are configured"},
      {"tasks",
       "What agents declared",
       "/api/v1/tasks",
       "tasks",
       {"id", "agent", "template", "state", "created", "reason"},
       "no tasks yet"},
      {"grants",
       "What they were granted",
       "/api/v1/grants",
       "grants",
       {"id", "task", "agent", "resource", "state", "not_after"},
       "no grants yet"},
      {"live",
       "Sessions that are open now",
       "/api/v1/live",
       "live",
       {"session", "agent", "task", "resource"},
       "no session is open"},
  };
  return all;
}

Result<int> print_listing(const Where& where, const Listing& listing) {
  NG_TRY(const GatewayClient client, GatewayClient::create(where));
  NG_TRY(const json::object answer, client.get(listing.path));
  if (where.json) return print_json(answer), 0;
  std::vector<std::string> head;
  for (const char* column : listing.columns) {
    std::string name = column;
    for (char& c : name) c = char(std::toupper(static_cast<unsigned char>(c)));
    head.push_back(name);
  }
  std::vector<std::vector<std::string>> rows;
  for (const json::value& one : answer.at(listing.member).as_array()) {
    std::vector<std::string> row;
    for (const char* column : listing.columns) {
      const json::value& value = one.as_object().at(column);
      row.push_back(value.is_array() ? joined(value) : text_of(one.as_object(), column));
    }
    rows.push_back(std::move(row));
  }
  print_table(head, rows, listing.nothing);
  return 0;
}

}  // namespace

void add_lists(CLI::App& app, Chosen& chosen) {
  auto where = std::make_shared<Where>();
  for (const Listing& listing : listings()) {
    CLI::App* command = app.add_subcommand(listing.command, listing.about);
    where->add_to(*command);
    command->callback([where, command, &listing, &chosen] {
      if (command->get_subcommands().empty()) chosen.run = [where, &listing] { return print_listing(*where, listing); };
    });
  }
}

}  // namespace narrowgate::cli
