"""The cast: fictitious callers, what each wants, and how each behaves. All numbers are of blocks kept for fiction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody who calls.

    Attributes:
        name: Who it is, for the viewer; ctid knows only what the directory knows.
        number: Their own number.
        dials: Whom they call.
        keys: What they press, each when the menu has got there; an empty one lets the menu run out.
        patience_s: How long they wait for an agent before they give up.
        talk_s: How long they talk.
        unanswered: The first agent whose phone rings for them does not answer.
        disposition: What the agent notes it as.
        notes: What the agent writes down.
    """

    name: str
    number: str
    dials: str = "100"
    keys: tuple[str, ...] = ("1",)
    patience_s: float = 90.0
    talk_s: float = 6.0
    unanswered: bool = False
    disposition: str = "solved"
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankCaller(Caller):
    """Somebody who calls the bank.

    Attributes:
        language: What they want to hear.
        account: Theirs, or empty for somebody who only wants to talk.
        pin: The code that they enter.
        score: What they press when they are asked how it was; if it is empty, they never get so far.
    """

    dials: str = "103"
    language: Literal["en", "zh"] = "en"
    account: str = ""
    pin: str = ""
    score: str = ""


CAST: Final = (
    Caller(name="Greta Lindqvist", number="+493023125017", talk_s=7, disposition="order",
           notes="Two lamps, delivery on Friday."),
    Caller(name="Hannah Weiss", number="+4917139200047", keys=("2",), talk_s=9,
           notes="New cable, line holds."),
    Caller(name="Omar Haddad", number="+493023125088", keys=("2",), talk_s=6,
           notes="Reset the password together."),
    Caller(name="Mei Tanaka", number="+493023125042", keys=("7", "1"), talk_s=6, disposition="order",
           notes="Forty tins of Sencha."),
    Caller(name="Paul Novak", number="+494066969128", keys=("2",), talk_s=12, disposition="follow-up",
           notes="Refund: accounts will call back."),
    Caller(name="Felix Brandt", number="+494066969131", keys=("2",), patience_s=6),
    Caller(name="Ingrid Sommer", number="+4989999980311", unanswered=True, talk_s=6, disposition="follow-up",
           notes="Wants an offer for May."),
    Caller(name="Amara Okafor", number="+442079460958", dials="101", talk_s=7, disposition="order",
           notes="Renews for two years."),
    Caller(name="Sofia Marino", number="+12025550143", keys=("", "1"), talk_s=5,
           disposition="follow-up", notes="Wants a sample first."),
    Caller(name="Luis Ortega", number="+4922147110204", keys=("9", "1"), talk_s=6,
           disposition="order", notes="A dozen brackets."),
)  # fmt: skip
"""In the order in which they call; after the last the first calls again."""

BANK_CAST: Final = (
    BankCaller(name="Ada Lovelace", number="+442079460123", account="4539148803", pin="1234"),
    BankCaller(name="Nora Blum", number="+493023125060", score="5", talk_s=6, notes="Asked for our opening hours."),
    BankCaller(name="Wang Wei", number="+493023125061", language="zh", account="79927398713", pin="9876"),
    BankCaller(name="Jonas Reiter", number="+494066969140", account="4539148803", pin="4321", score="3", talk_s=8,
               disposition="follow-up", notes="Forgot the code; a new one is in the post."),
)  # fmt: skip
"""Who calls the bank, one after another; accounts and codes are those of ``sip_test_rig.bank``."""
