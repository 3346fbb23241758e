#include "recording/log_keys.h"

#include <fmt/format.h>
#include <unistd.h>

#include "recording/file.h"

namespace narrowgate::recording {

Result<Signer> load_signer(const std::string& folder, const std::string& log_name) {
  const std::string path = folder + "/log.key";
  auto text = read_whole(path);
  if (text.ok()) {
    const Secret<Bytes> held(std::move(text).take());
    auto skey = as_text(held.expose());  // the log's own key file
    if (skey.ends_with('\n')) skey.remove_suffix(1);
    auto signer = Signer::parse(skey);
    if (!signer.ok()) return Error{Code::malformed, Blame::gateway, fmt::format("{}: {}", path, signer.error().detail)};
    if (signer->verifier().name() != log_name)
      return Error{Code::conflict, Blame::gateway,
                   fmt::format("{}: belongs to log \"{}\", but this gateway's log is called \"{}\"; "
                               "give the log its old name, or use a new data_dir",
                               path, signer->verifier().name(), log_name)};
    return signer;
  }
  if (text.error().code != Code::not_found) return std::move(text).error();
  if (::access((folder + "/checkpoint").c_str(), F_OK) == 0)
    return Error{Code::not_found, Blame::gateway,
                 fmt::format("{}: is missing, but a log signed with it is here; put it back, or move "
                             "{} aside to start a new log",
                             path, folder)};
  NG_TRY(auto signer, Signer::create(log_name));
  const auto skey = signer.skey();
  NG_TRY_VOID(replace_file(path, skey.expose() + "\n", 0600));  // the one place it is written
  return signer;
}

Result<Done> publish_vkey(const std::string& folder, const Verifier& verifier) {
  const std::string path = folder + "/log.vkey", wanted = verifier.vkey() + "\n";
  auto text = read_whole(path);
  if (!text.ok() && text.error().code == Code::not_found) return replace_file(path, wanted, 0644);
  if (!text.ok()) return std::move(text).error();
  if (as_text(*text) == wanted) return Done{};
  return Error{Code::conflict, Blame::gateway, fmt::format("{}: does not belong to log.key; one of the two was changed", path)};
}

}  // namespace narrowgate::recording
