"""Runs a journal again and compares: the same inputs must give the same commands and the same state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from ctid.engine.engine import Engine
from ctid.runtime.step import step
from ctid.store.codec import decode_event, digest
from ctid.store.journal import Journal

MAX_DIFFERENCES = 20


@dataclass
class ReplayReport:
    """What a replay found.

    Attributes:
        inputs: Inputs run.
        outcomes_compared: Inputs whose commands were compared with what the daemon noted.
        snapshots_compared: Snapshots that the state was compared with.
        differences: What came out otherwise; the first ones.
        state: Digest of the last state.
    """

    inputs: int = 0
    outcomes_compared: int = 0
    snapshots_compared: int = 0
    differences: list[str] = field(default_factory=list)
    state: str = ""

    def differs(self, text: str) -> None:
        """Note a difference."""
        if len(self.differences) < MAX_DIFFERENCES:
            self.differences.append(text)


def replay(path: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> ReplayReport:
    """Run the journal from its oldest snapshot, or its beginning, to its end.

    Args:
        path: The journal; a daemon may own it meanwhile.
        progress: Is told how many inputs are done, of how many.

    Raises:
        JournalError: The journal cannot be read.
    """
    report = ReplayReport()
    with Journal.read(path) as journal:
        snapshots = {snapshot.seq: snapshot.state for snapshot in journal.snapshots()}
        # A journal that was trimmed begins at a snapshot, a whole one at nothing.
        start = 0 if journal.first_seq <= 1 else min(snapshots, default=0)
        engine = Engine.restore(snapshots[start]) if start else Engine()
        last = journal.last_seq
        noted = dict(journal.outcomes(after_seq=start))
        for entry in journal.entries(after_seq=start, upto=last):
            commands = step(engine, entry.seq, decode_event(entry.event), entry.at)
            report.inputs += 1
            if (then := noted.get(entry.seq)) is not None:
                report.outcomes_compared += 1
                if digest(commands) != then:
                    report.differs(f"input {entry.seq} led to other commands")
            if (state := snapshots.get(entry.seq)) is not None:
                report.snapshots_compared += 1
                if engine.snapshot() != state:
                    report.differs(f"after input {entry.seq} the state is another")
            if report.inputs % 1_000 == 0:
                progress(report.inputs, last - start)
        report.state = blake2b(engine.snapshot(), digest_size=16).hexdigest()
    return report
