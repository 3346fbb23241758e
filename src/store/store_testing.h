// A data folder that goes away, and rows to put into it. For tests of store/ and approval/.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "base/check.h"
#include "store/sqlite/sqlite_store.h"

namespace narrowgate::store {

class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "narrowgate-store-XXXXXX").string();
    NG_CHECK(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string file() const { return path_ + "/narrowgate.db"; }
  std::unique_ptr<Store> open(std::uint64_t size_bytes_max = 0) const {
    auto store = open_sqlite(path_, {Sync::process, size_bytes_max});
    NG_CHECK(store.ok());
    return std::move(store).take();
  }

 private:
  std::string path_;
};

inline ApprovalRow approval_row(std::string id, std::string digest = "sha256:aa") {
  ApprovalRow row;
  row.id = std::move(id);
  row.state = "pending";
  row.digest = std::move(digest);
  row.operation = "sha256:op";
  row.session = "ses_1";
  row.grant = "grt_1";
  row.task = "tsk_1";
  row.agent = "refund-bot";
  row.resource = "orders";
  row.owner = "olu";
  row.uses_left = 1;
  row.created = from_unix_ms(1'000);
  row.expires = from_unix_ms(9'000);
  row.votes = row.facts = row.end = "{}";
  return row;
}

}  // namespace narrowgate::store
