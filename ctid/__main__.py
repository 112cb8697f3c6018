"""``python -m ctid``: the same as the ``ctid`` command."""

from __future__ import annotations

from ctid.cli import main

if __name__ == "__main__":
    main()
