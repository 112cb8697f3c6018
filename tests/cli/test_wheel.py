"""What is shipped: the wheel holds the daemon and the pages that it serves."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.cli

CHECKOUT = Path(__file__).parents[2]


def test_the_wheel_holds_the_pages(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("ctid-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    page = zipfile.ZipFile(wheel).read("ctid/desktop/web/index.html").decode()
    scripts = [name for name in names if name.startswith("ctid/desktop/web/assets/index-")]
    assert scripts
    assert all(f"/assets/{Path(name).name}" in page for name in scripts if name.endswith(".js"))
    assert not [name for name in names if "node_modules" in name or name.startswith(("tests/", "web/"))]
