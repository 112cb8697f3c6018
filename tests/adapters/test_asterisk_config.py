"""What is written for a stock Asterisk, as far as no Asterisk is needed to tell that it is right."""

from __future__ import annotations

import pytest

from ctid.errors import ConfigError
from ctid.pbx_adapters.asterisk_config import WRITE_RIGHTS, Dialplan, extensions_conf


def test_calls_are_recorded_to_the_folder_of_the_configuration_if_there_is_one() -> None:
    text = extensions_conf(Dialplan(pbx="main", agi="127.0.0.1:4573", recordings="/var/spool/asterisk/ctid/"))
    assert "MixMonitor(,r(/var/spool/asterisk/ctid/${CTID_RECORD}-agent.sln)" in text
    assert "t(/var/spool/asterisk/ctid/${CTID_RECORD}-caller.sln)S)" in text
    without = extensions_conf(Dialplan(pbx="main", agi="127.0.0.1:4573"))
    assert " same => n,TryExec(MixMonitor" not in without
    # Whoever carries the variable all the same is let through.
    assert "[ctid-record]" in without


def test_a_folder_that_would_break_out_of_its_line_is_refused() -> None:
    with pytest.raises(ConfigError):
        extensions_conf(Dialplan(pbx="main", agi="127.0.0.1:4573", recordings="/tmp/${EVIL}"))


def test_recordings_need_no_more_rights_than_before() -> None:
    assert WRITE_RIGHTS == "call,originate,reporting"
