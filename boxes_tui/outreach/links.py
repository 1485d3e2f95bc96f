"""Links that reach a person, as pure text: ``wa.me``, ``tel:``, ``sip:``. Nothing in them comes from data unquoted.

The screen tells a terminal of them by OSC 8 (``widgets.safe``, which lets no other link through) and copies ``wa.me`` by
OSC 52.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from boxes_tui.domain.phones import parse_phone

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


def phone_url(e164: str | None, scheme: str) -> str | None:
    """The link of a telephone by the configured ``scheme``: ``tel``, ``sip:HOST``, or none for an empty one."""
    if not e164 or not scheme:
        return None
    return tel_url(e164) if scheme == "tel" else sip_url(e164, scheme.removeprefix("sip:"))


def copies(url: str) -> bool:
    """Whether terminals take a link of this length by OSC 52; a longer one is only shown."""
    return len(url) <= CLIPBOARD_LIMIT
