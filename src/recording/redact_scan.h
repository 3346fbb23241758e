// Where in a text the secrets are. The careful half of redaction (redact.h), run only on text that the quick half suspects.
//
// A keyword's value is looked for behind anything that may stand between the two: blanks, comments, operators, closing quotes,
// words like BY and AS. A literal is taken exactly only where the whole text can be read in one way; otherwise everything from
// the first to the last quote goes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace narrowgate::recording {

struct SecretSpan {
  std::size_t from = 0, to = 0;
};

// Is there a run of 32 or more base64 characters that looks drawn by lot?
bool has_random_run(std::string_view text);

class SecretScan {
 public:
  explicit SecretScan(std::string_view text);  // borrows
  // A needle of redact.cc stands at `at`.
  void look_at(std::size_t at);
  void look_for_random_runs();
  // Everything from `at` on. For text so full of keywords that looking closer would cost more than it is worth.
  void take_rest(std::size_t at);
  // The end of the hidden part that `at` is in, or `at`.
  std::size_t past_found(std::size_t at) const;
  // Sorted, not overlapping, without empty ones.
  std::vector<SecretSpan> spans() const;

 private:
  enum class Where { code, string, comment };
  struct Word {
    std::size_t from, to;
    std::string lower;
  };
  // What stands behind a keyword, past everything that may come between.
  struct Behind {
    std::size_t at = 0;     // of the value, or of what stopped the search
    bool quote = false;     // a literal starts there
    bool sure = true;       // nothing on the way left doubt
    bool assigned = false;  // an = or : stood between
  };

  Word word_at(std::size_t at) const;
  bool plain() const { return plain_; }
  Where where(std::size_t at) const;
  Behind behind(const Word& word, bool any_words) const;
  std::size_t skip_comment(std::size_t at) const;

  void look_at_word(const Word& word);
  void look_at_function(const Word& word);
  void look_at_mapping(const Word& word);
  void look_at_header(const Word& word, std::size_t at);
  void look_at_uri(std::size_t at);
  void look_at_token(std::size_t at);
  void look_at_pem(std::size_t at);
  void take_literal(std::size_t quote);
  void take_bare(std::size_t at);
  void take_quotes_from(std::size_t at);  // the coarse way
  void take(std::size_t from, std::size_t to);
  bool has_before(std::size_t at, std::string_view word) const;

  std::string_view text_;
  bool plain_ = true;  // quotes can be read in one way only
  std::vector<SecretSpan> strings_, comments_;
  std::vector<SecretSpan> found_;
};

}  // namespace narrowgate::recording
