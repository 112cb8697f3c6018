"""The steps to the present schema are one line: branches that were merged each brought one of the same number once."""

from __future__ import annotations

from alembic.config import Config
from alembic.script import ScriptDirectory

from ctid.store.database import MIGRATIONS


def test_every_step_follows_the_one_before() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    steps = [each.revision for each in reversed(list(ScriptDirectory.from_config(config).walk_revisions()))]
    files = sorted(path.name for path in (MIGRATIONS / "versions").glob("v*.py"))
    assert steps == [f"{number:04}" for number in range(1, len(files) + 1)]
    assert [name[1:5] for name in files] == steps
