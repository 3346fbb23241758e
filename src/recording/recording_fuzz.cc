// Bytes from anywhere, into everything that reads stored files: records, journals, segments, notes, keys; and into the redaction.
#include <cstdlib>

#include "recording/checkpoint.h"
#include "recording/journal.h"
#include "recording/record.h"
#include "recording/redact.h"
#include "recording/segment.h"

using namespace narrowgate;
using namespace narrowgate::recording;

namespace {

void must_hold(bool condition) {
  if (!condition) std::abort();
}

void read_record(ByteView bytes) {
  const auto record = decode_record(bytes);
  if (!record.ok()) return;
  const auto again = encode_record(*record);
  must_hold(ByteView(again).size() == bytes.size() && std::equal(again.begin(), again.end(), bytes.begin()));
}

void read_journal(ByteView bytes) {
  (void)read_journal_header(bytes);
  JournalScan scan(bytes, std::min(bytes.size(), journal_header_bytes));
  while (const auto frame = scan.next()) must_hold(frame->next <= bytes.size() && !frame->record.empty());
  (void)scan.tail();
}

void read_segment(ByteView bytes) {
  SegmentScan scan(bytes);
  for (auto block = scan.next(); block.ok() && *block; block = scan.next()) must_hold((*block)->next <= bytes.size());
}

// Behind the digests, where a fuzzer would never get by chance.
void read_plain(ByteView bytes) {
  const auto plain = decode_plain(bytes);
  if (!plain.ok()) return;
  const auto again = std::visit([](const auto& p) { return encode_plain(p); }, *plain);
  must_hold(std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()));
}

void redact(ByteView bytes) {
  static const Redactor redactor(sha256("fuzz"));
  (void)redactor.redact(as_text(bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const auto verifier = Verifier::parse("audit.agw.example/prod-1+3c4eb07a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4");
  const ByteView bytes(data + 1, size - 1);
  switch (data[0] % 7) {
    case 0: read_record(bytes); break;
    case 1: read_journal(bytes); break;
    case 2: read_segment(bytes); break;
    case 3: read_plain(bytes); break;
    case 4: (void)verifier->open(as_text(bytes)); break;
    case 5: (void)Verifier::parse(as_text(bytes)), (void)Signer::parse(as_text(bytes)); break;
    default: redact(bytes); break;
  }
  return 0;
}
