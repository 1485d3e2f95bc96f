"""The README's table of keys is the table of verbs; its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

from boxes_tui.domain.verbs import VERBS
from boxes_tui.i18n import set_language

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def key_table() -> str:
    """The verbs in English, one row each, in the table's order."""
    set_language("en")
    try:
        from boxes_tui.i18n import _

        rows = [f"| `{v.shown}` | {_(v.help)} |" for v in VERBS]
    finally:
        set_language("es")
    return "\n".join(["| key | does |", "|---|---|", *rows])


def test_keys_are_those_of_the_verb_table() -> None:
    between = re.search(r"<!-- keys: [^\n]*-->\n(.*?)\n?<!-- /keys -->", README, re.S)
    assert between is not None
    assert between[1].strip() == key_table()


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert len(targets) >= 4
    for target in targets:
        assert (ROOT / target).exists(), target
