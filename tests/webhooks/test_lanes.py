"""Lanes: whatever happens in whatever order, each lane keeps its order and nothing is lost or sent twice at once."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ctid.model.webhook import Delivery
from ctid.webhooks.lanes import Lanes
from ctid.webhooks.patience import REST_MAX_SECONDS, Rest, backoff_seconds


def delivery(number: int, lane: str) -> Delivery:
    return Delivery(number=number, webhook="crm", id=f"e1-{number}", type="x", lane=lane, at_ms=0)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from("abc")),
        st.tuples(st.sampled_from(["start", "finish", "put_back", "take_oldest"]), st.integers(0, 3)),
    ),
    max_size=80,
)


@settings(deadline=None)
@given(ACTIONS)
def test_whatever_happens_lanes_keep_their_order(actions: list[tuple[str, str | int]]) -> None:
    lanes, now_ms, number = Lanes(), 0, 0
    under_way: list[Delivery] = []
    waiting: dict[str, list[int]] = defaultdict(list)
    for action, what in actions:
        now_ms += 1
        match action:
            case "add":
                number += 1
                lanes.add([delivery(number, str(what))])
                waiting[str(what)].append(number)
            case "start":
                busy = {each.lane for each in under_way}
                started = lanes.start(now_ms)
                if started is None:
                    due = lanes.next_due_ms()
                    assert due is None or due > now_ms
                    assert due is not None or all(not left or lane in busy for lane, left in waiting.items())
                    continue
                assert started.lane not in busy
                assert started.due_ms <= now_ms
                assert waiting[started.lane].pop(0) == started.number
                under_way.append(started)
            case "finish" | "put_back" if under_way:
                done = under_way.pop(int(what) % len(under_way))
                if action == "finish":
                    lanes.finish(done)
                else:
                    lanes.put_back(replace(done, due_ms=now_ms + int(what)))
                    waiting[done.lane].insert(0, done.number)
            case "take_oldest":
                taken = [each.number for each in lanes.take_oldest(int(what))]
                assert taken == sorted(each for left in waiting.values() for each in left)[: int(what)]
                for left in waiting.values():
                    left[:] = [each for each in left if each not in taken]
        assert len(lanes) == len(under_way) + sum(map(len, waiting.values()))
        assert lanes.under_way == len(under_way)


def test_waits_double_up_to_a_bound_and_differ() -> None:
    longest = [backoff_seconds(attempts, 600, lambda: 0.999999) for attempts in (1, 2, 3, 4, 10, 11, 50, 10_000)]
    assert [round(wait) for wait in longest] == [1, 2, 4, 8, 512, 600, 600, 600]
    assert backoff_seconds(3, 600, lambda: 0.0) == 2


def test_one_event_that_cannot_be_borne_is_no_reason_to_leave_the_receiver_alone() -> None:
    rest = Rest(600, lambda: 0.0)
    for _ in range(50):
        rest.failed("contacts/ct-1", 0.0, 0.0)
    assert (rest.cautious, rest.until_s) == (False, 0.0)


def test_a_receiver_that_fails_for_all_is_left_alone_for_a_minute_at_most() -> None:
    rest = Rest(600, lambda: 0.999999)
    ends = []
    for number in range(20):
        rest.failed(f"contacts/ct-{number}", 0.0, 0.0)
        ends.append(round(rest.until_s))
    assert ends[:6] == [0, 0, 1, 2, 4, 8]
    assert ends[-1] == REST_MAX_SECONDS
    rest.taken()
    assert (rest.cautious, rest.until_s) == (False, 0.0)
