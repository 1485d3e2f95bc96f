"""Links that reach a person, as pure text: ``wa.me``, ``tel:``, ``sip:``, and how a terminal is told of them.

OSC 8 (a link that the terminal opens) and OSC 52 (a copy to the agent's clipboard) are made here and printed by the
screen alone; nothing in them comes from data unquoted.
"""

from __future__ import annotations

import base64
import re
from typing import Final
from urllib.parse import quote

from boxes_tui.domain.phones import parse_phone
from boxes_tui.text import strip_terminal

_PRINTABLE = re.compile(r"[!-~]+\Z")
_DIGITS = re.compile(r"[1-9][0-9]{7,14}\Z")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?\Z")
CLIPBOARD_LIMIT: Final = 8192


def wa_digits(number: str, kind: str | None = None, area_code: str | None = None) -> str | None:
    """The digits of ``wa.me``: 549 and the ten national ones for mobile and unknown, None for a fixed line.

    ``kind`` is what is known of the number (an agent's answer wins over its written form); FORMATS.md *Phones*.
    """
    info = parse_phone(number, area_code)
    kind = kind or info.kind
    if not info.valid or info.e164 is None or kind == "fixed":
        return None
    if info.e164.startswith("+54"):
        return f"549{info.last10}"
    return info.e164[1:]


def wa_url(digits: str, text: str = "") -> str:
    """``https://wa.me/5493515123456?text=…``; raises ValueError for anything but digits."""
    if not _DIGITS.match(digits):
        raise ValueError("wa.me takes digits only")
    return f"https://wa.me/{digits}" + (f"?text={quote(text, safe='')}" if text else "")


def tel_url(number: str) -> str | None:
    """``tel:+5493515123456``, None for a number that means nothing."""
    info = parse_phone(number)
    return f"tel:{info.e164}" if info.e164 else None


def sip_url(number: str, host: str) -> str | None:
    """``sip:+5493515123456@pbx.ejemplo.test;user=phone``; raises ValueError for a host that is none."""
    if not _HOST.match(host):
        raise ValueError("not a host name")
    info = parse_phone(number)
    return f"sip:{info.e164}@{host};user=phone" if info.e164 else None


def osc8(url: str, label: str) -> str:
    """The label as a link of the terminal; raises ValueError for a URL that a terminal could misread."""
    if not _PRINTABLE.match(url) or not url.startswith(("https://wa.me/", "tel:", "sip:")):
        raise ValueError("not a link of ours")
    return f"\x1b]8;;{url}\x1b\\{strip_terminal(label)}\x1b]8;;\x1b\\"


def osc52(text: str) -> str:
    """The sequence that puts a text on the agent's clipboard; raises ValueError above the size terminals take."""
    raw = text.encode("utf-8")
    if len(raw) > CLIPBOARD_LIMIT:
        raise ValueError("too long for a clipboard sequence")
    return f"\x1b]52;c;{base64.b64encode(raw).decode('ascii')}\x07"
