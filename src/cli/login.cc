// narrowgate login, logout, whoami: people.
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "cli/cli.h"
#include "cli/gateway_client.h"
#include "cli/print.h"
#include "identity/password.h"

namespace narrowgate::cli {
namespace {

// From the terminal without showing it, or a line of standard input.
SecretString ask_password() {
  std::string password;
  termios before{};
  const bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
  if (terminal) {
    std::cerr << "password: " << std::flush;
    termios quiet = before;
    quiet.c_lflag &= ~tcflag_t(ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
  }
  std::getline(std::cin, password);
  if (terminal) {
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    std::cerr << '\n';
  }
  return SecretString(std::move(password));
}

Result<int> login(const Where& where, const std::string& person) {
  NG_TRY(GatewayClient client, GatewayClient::create(where));
  NG_TRY(const json::object answer, client.login(person, ask_password()));
  if (where.json) print_json(answer);
  else print_line(fmt::format("logged in to {} as {} until {}", client.url(), person, text_of(answer, "expires")));
  return 0;
}

Result<int> logout(const Where& where) {
  NG_TRY(GatewayClient client, GatewayClient::create(where));
  NG_TRY_VOID(client.logout());
  print_line("logged out");
  return 0;
}

Result<int> whoami(const Where& where) {
  NG_TRY(const GatewayClient client, GatewayClient::create(where));
  NG_TRY(const json::object me, client.get("/api/v1/whoami"));
  if (where.json) return print_json(me), 0;
  print_line(fmt::format("{}  roles: {}  groups: {}", text_of(me, "name"), joined(me.at("roles")), joined(me.at("groups"))));
  return 0;
}

Result<int> hash_password() {
  NG_TRY(const std::string hash, identity::hash_password(ask_password()));
  print_line(hash);
  return 0;
}

}  // namespace

void add_login(CLI::App& app, Chosen& chosen) {
  auto where = std::make_shared<Where>();
  auto person = std::make_shared<std::string>();
  CLI::App* in = app.add_subcommand("login", "Log in as a person; later commands use it");
  in->add_option("person", *person, "the name in the configuration")->required();
  where->add_to(*in);
  in->callback([=, &chosen] { chosen.run = [=] { return login(*where, *person); }; });
  CLI::App* out = app.add_subcommand("logout", "End that");
  where->add_to(*out);
  out->callback([=, &chosen] { chosen.run = [=] { return logout(*where); }; });
  CLI::App* who = app.add_subcommand("whoami", "Who the gateway takes you for");
  where->add_to(*who);
  who->callback([=, &chosen] { chosen.run = [=] { return whoami(*where); }; });
  CLI::App* people = app.add_subcommand("people", "People and their passwords");
  people->require_subcommand(1);
  people->add_subcommand("hash", "Hash a password for people[].password_hash")->callback([&chosen] {
    chosen.run = hash_password;
  });
}

}  // namespace narrowgate::cli
