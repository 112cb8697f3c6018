"""A process that writes a journal until it is killed or fails; it tells each batch once it is committed.

Usage: ``python journal_writer.py PATH BATCH EVENT_BYTES [MAX_FILE_BYTES]``
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from ctid.errors import JournalError
from ctid.model.instant import Instant
from ctid.store.journal import Entry, Journal


def main() -> None:
    path, batch, size = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    if len(sys.argv) > 4:
        limit = int(sys.argv[4])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    with Journal.open(path) as journal:
        seq = journal.last_seq
        while True:
            seqs = range(seq + 1, seq + batch + 1)
            entries = [Entry(each, Instant(each, each), b"%d:" % each + b"x" * size) for each in seqs]
            try:
                journal.append(entries, [(each, b"%16d" % each) for each in seqs])
            except JournalError as error:
                print(f"refused {journal.last_seq} {error}", flush=True)
                # What is committed can still be read, although nothing more can be written.
                print(f"readable {sum(1 for _ in journal.entries())}", flush=True)
                return
            seq += batch
            print(seq, flush=True)


main()
