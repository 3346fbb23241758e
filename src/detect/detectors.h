// Finding, in a value that is about to leave, what must not, and putting "[masked:credit_card]" in its place.
//
// Promises: what is found is wholly gone, of overlapping finds the longer one; a value in which more is found than can be told
// apart is gone altogether. One pass over the value for all entities. Safe on many threads at once. Not here: values that hold
// something by their column (masking/).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "detect/entities.h"

namespace narrowgate::detect {

inline constexpr std::size_t candidates_max = 20'000;  // of one value

// How often each was found, in the order of Detectors::names().
using Counts = std::vector<std::uint64_t>;

class Detectors {
 public:
  // The names are of entities(). At least one.
  static Result<std::shared_ptr<const Detectors>> compile(const std::vector<std::string>& names);
  ~Detectors();

  const std::vector<std::string>& names() const { return names_; }

  // As it may leave; nullopt: as it is. `null`: not at all, since what would be left is no value of its type.
  struct Cleaned {
    bool null = false;
    std::string text;
  };
  // `value` is text, as the database writes it. Counts are added up.
  std::optional<Cleaned> clean(std::string_view value, Counts& counts) const;
  // Text in some other form (PostgreSQL's binary formats): where something is found in it, it does not leave.
  std::optional<Cleaned> clean_binary(std::string_view value, Counts& counts) const;
  // Does it hold what we put there? It must not be written back as if it were the value.
  bool holds_mark(std::string_view value) const;

 private:
  struct Program;
  struct Find {
    std::size_t begin, end;
    unsigned entity;
  };
  explicit Detectors(std::vector<const Entity*> looked_for, std::vector<std::string> names);
  // false: there are too many.
  bool find(std::string_view value, std::vector<Find>& out) const;

  const std::vector<const Entity*> looked_for_;
  const std::vector<std::string> names_;
  std::unique_ptr<Program> program_;
};

}  // namespace narrowgate::detect
