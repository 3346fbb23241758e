// The program. What nobody foresaw ends it with status 70 (EX_SOFTWARE) and a line that says so.
#include <cstdio>
#include <exception>

#include "cli/cli.h"

int main(int argc, char** argv) {
  try {
    return narrowgate::cli::main(argc, argv);
  } catch (const std::exception& unforeseen) {
    std::fprintf(stderr, "narrowgate: a bug of ours, please report it: %s\n", unforeseen.what());
  } catch (...) {
    std::fprintf(stderr, "narrowgate: a bug of ours, please report it\n");
  }
  return 70;
}
