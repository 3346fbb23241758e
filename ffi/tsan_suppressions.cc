// ThreadSanitizer cannot see the locks of Rust code, which is not compiled with it, so it takes memory that a Rust pool hands
// from thread to thread for a race. Linked into every program with Rust in it, when that sanitizer is on.
extern "C" const char* __tsan_default_suppressions() {
  return "race:regex_automata\n"
         "race:cedar_policy\n"
         "race:narrowgate_ffi\n";
}

// Suppressions go by names, which take a symbolizer to find.
extern "C" const char* __tsan_default_options() { return NG_TSAN_OPTIONS; }
