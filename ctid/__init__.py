"""ctid: the open contact-centre core for a stock Asterisk."""

from __future__ import annotations

__version__ = "0.1.0"
