"""Keys typed ahead of a screen that does not come: the way out is open, the others go nowhere else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from textual import events

from boxes_tui.guard import typeahead
from boxes_tui.guard.typeahead import LIMIT, PATIENCE, TypeAhead


class Front:
    """An app whose screen is up or is not, at a time that the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.takes_keys = self.opens = False
        self.focused, self.screen = None, self
        self.got: list[str] = []
        self.told: list[str] = []
        self.timers: list[Any] = []
        monkeypatch.setattr(typeahead, "monotonic", lambda: self.now)
        self.typed = TypeAhead(self.take, self)

    async def take(self, event: Any) -> None:
        self.got.append(event.key)

    def set_timer(self, _seconds: float, again: Any) -> None:
        self.timers.append(again)

    def call_later(self, _flow: Any) -> None:
        pass

    def notify(self, text: str) -> None:
        self.told.append(text)

    def press(self, *keys: str) -> Front:
        for key in keys:
            asyncio.run(self.typed.typed(events.Key(key, key if len(key) == 1 else None)))
        return self

    def after(self, seconds: float) -> Front:
        self.now += seconds
        due, self.timers = self.timers, []
        for again in due:
            asyncio.run(again())
        return self


@pytest.fixture
def front(monkeypatch: pytest.MonkeyPatch) -> Front:
    return Front(monkeypatch)


def test_a_screen_that_comes_late_gets_what_was_typed_for_it(front: Front) -> None:
    """Mutant: every key goes after the patience, to the list that is still in front."""
    front.press("l", "4").after(PATIENCE + 1).after(PATIENCE + 1)
    assert front.got == []
    front.takes_keys = True
    front.after(0.1)
    assert front.got == ["l", "4"]


def test_esc_goes_out_and_takes_what_waits_with_it(front: Front) -> None:
    front.press("l", "escape").after(PATIENCE + 1)
    assert front.got == [], "typed in one breath it belongs to what was typed before"
    front.press("escape")
    assert front.got == ["escape"]


@pytest.mark.parametrize(("opens", "got"), [(False, ["q"]), (True, [])])
def test_q_leaves_a_screen_that_never_reads(front: Front, opens: bool, got: list[str]) -> None:
    front.opens = opens
    front.press("q").after(PATIENCE + 1)
    assert front.got == got


def test_what_is_given_up_is_told(front: Front) -> None:
    front.press("l", "4").after(LIMIT + 1)
    front.takes_keys = True
    front.after(1)
    assert front.got == [] and len(front.told) == 1


def test_a_letter_of_a_text_does_not_lead_out(front: Front) -> None:
    """Mutant: ``q`` behind other keys takes them with it, as ``Esc`` does."""
    front.press("l", "N").after(PATIENCE + 1).press("q")
    assert front.got == []
    front.takes_keys = True
    front.after(0.1)
    assert front.got == ["l", "N", "q"]
