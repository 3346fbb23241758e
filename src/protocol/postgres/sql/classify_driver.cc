// For tests: the classifier alone, over a live database. `ng_postgres_classify DSN < lines`.
#include <iostream>

#include "protocol/postgres/sql/catalog_load.h"
#include "protocol/postgres/sql/classify_lines.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: ng_postgres_classify DSN < lines of {\"id\",\"sql\"}\n";
    return 2;
  }
  const auto catalog = narrowgate::postgres::load_catalog(std::string(argv[1]));
  if (!catalog.ok()) {
    std::cerr << to_string(catalog.error()) << '\n';
    return 1;
  }
  const auto done = narrowgate::postgres::classify_lines(std::cin, std::cout, **catalog);
  return done.ok() ? 0 : 1;
}
