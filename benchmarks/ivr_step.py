"""Flows: what a step costs, what a thousand callers at once wait for it, and a key beside Asterisk's own menu.

- *machine* and *engine*: callers go one after another through the demo's bank (``config/demo/bank.yaml``), each the
  whole way: two menus, a wrong key, account, confirmation, code, lookup, balance, an agent's queue. *machine* is
  ``Walk.answered``, the flow machine's step from an answer to the next thing to be heard; *engine* is all that the
  engine does for the same event, with what is published of it and with queueing. Time of the processor.
- *gap*: 1,000 callers at once in the same bank. ctid is the daemon as it runs, with journal, database, log, speech and
  lookups by HTTP, on one core; on another one a process plays Asterisk's part on 1,000 FastAGI connections, with the
  manager interface and the bank that is asked. Prompts play 1 to 6 s, some are interrupted; keys are right, wrong or
  not pressed, at random moments; who hangs up is followed by the next. Measured from the reply that ends a prompt, a
  key or the wait for one to the next command that the caller hears or that listens to them, setting the language
  and whatever else comes between included. The voice is a file that is copied, and all that is known beforehand is
  spoken before they call.
- *key*: on a real Asterisk, two menus that lead to each other, once as a flow of ctid's and once in the dialplan
  (``Background`` and ``WaitExten``), with recorded tones. A phone hears a prompt for a random time and presses a key:
  from sending the first packet that ends it (RFC 4733) to the arrival of the first packet of the next prompt. Both
  sides in turn, in two calls at the same time. The ratio is ctid's median by the dialplan's, so less is better.

Wall time is only worth something where there is a processor to be had: beside the gaps stands for how much of the time
ctid had one, and for how much it could have run but stood in line behind other work of the machine. A session whose
nice value is below 0 went before the machine's other work.
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import uvloop

from benchmarks import ivr_keys, ivr_machine, ivr_sessions
from benchmarks.pressure import precedence


def measure() -> dict[str, Any]:
    """Run all three, one after another."""
    steps = ivr_machine.measure()
    keys = asyncio.run(ivr_keys.measure())
    gaps = uvloop.run(ivr_sessions.measure())
    figures = {**steps, **gaps.pop("figures"), **keys}
    ours, peer = figures["key: ctid"]["p50"], figures["key: dialplan"]["p50"]
    return {
        "name": "ivr_step",
        "ours": ours,
        "peer": peer,
        "peer_name": "the same menus in Asterisk's dialplan",
        "unit": "µs from a key's end to the next prompt, median",
        "ratio": round(ours / peer, 1),
        "machine_us": figures["machine"]["p50"],
        "machine_p99_us": figures["machine"]["p99"],
        "engine_us": figures["engine"]["p50"],
        "gap_p99_ms": round(figures["gap"]["p99"] / 1000, 2),
        **gaps,
        "load_average": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        "nice_of_this_session": precedence(),
        "figures_unit": "µs",
        "figures": figures,
    }


def main() -> None:
    """Measure, and print one JSON line."""
    print(json.dumps(measure()))


if __name__ == "__main__":
    main()
