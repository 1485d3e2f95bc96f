"""What a screen shows, as text."""

from __future__ import annotations

from typing import Any

from textual.app import App


def picture(app: App[Any]) -> list[str]:
    """The lines of the screen in front, without blanks at their ends."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


HOSTILE = (
    "JUAN [PARTICULAR]",
    "[@click=app.quit]x[/]",
    "[/nope]",
    "[ @click=app.pwn()]X",
    "a\\",
    "[b",
    "[x=1]",
    "O'Higgins",
    "\x1b]52;c;ZWNobyBwd24=\x07",
    "\x1b[2J",
    "\x9b31m",
    "\x9d0;title\x9c",
    "a\u202eb\u2066c",
    "z\u200bz\ufeff",
    "x\x00y\x08",
    "tab\there",
    "line\nbreak\r\n",
    "soft\u00adhyphen",
    "e\u0301\u0301\u0301\u0301\u0301",
    "👨‍👩‍👧‍👦 ❤️ 🇦🇷",
    "漢字かな",
    "\ud800",
    "￹￻",
)
"""Texts that a terminal, a markup parser or a measure could trip over."""
