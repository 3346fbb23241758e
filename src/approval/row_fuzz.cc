// A stored approval that reads back is written as it was; one that does not is an Error.
#include "approval/row.h"
#include "base/bytes.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const narrowgate::Byte* data, std::size_t size) {
  using namespace narrowgate;
  using namespace narrowgate::approval;
  Approval approval;
  approval.facts.operation.statement.assign(as_text({data, size}));
  approval.facts.operation.parameters = {approval.facts.operation.statement};
  approval.digest = op_digest(approval.facts.operation);
  auto row = to_row(approval, 1);
  const auto again = from_row(row);
  NG_CHECK(again.ok() && again->facts == approval.facts);
  row.facts = as_text({data, size});
  (void)from_row(row);
  row = to_row(approval, 1);
  row.votes = as_text({data, size});
  (void)from_row(row);
  return 0;
}
