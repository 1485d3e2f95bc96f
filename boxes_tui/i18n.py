"""The two languages of the screen: Spanish sentences in the code, English in a gettext catalogue (PRODUCT §2).

``_`` translates at display time; ``N_`` only marks a constant for extraction.
"""

from __future__ import annotations

import gettext
from pathlib import Path

LANGUAGES = ("es", "en")
_active: gettext.NullTranslations = gettext.NullTranslations()
_language = "es"


def set_language(language: str) -> None:
    """Speak ``es`` (the sentences of the code) or ``en``; anything else falls back to Spanish."""
    global _active, _language
    _language = language if language in LANGUAGES else "es"
    if _language == "es":
        _active = gettext.NullTranslations()
    else:
        _active = gettext.translation("boxes", Path(__file__).parent / "locale", [_language], fallback=True)


def language() -> str:
    """The language in use."""
    return _language


def _(message: str) -> str:
    """The sentence in the language in use."""
    return _active.gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    """The sentence for a number."""
    return _active.ngettext(one, many, n)


def N_(message: str) -> str:
    """Mark a constant for the catalogue without translating it yet."""
    return message
