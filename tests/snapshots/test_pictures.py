"""Pictures of the screens, kept few: when one changes, look at it, then ``pytest tests/snapshots --snapshot-update``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from boxes_tui.app import BoxesApp
from boxes_tui.bootstrap import House
from boxes_tui.i18n import set_language
from tests.support.house import TODAY, Desk, add_customer, add_opportunity, open_desk

SMALL, WIDE = (80, 24), (120, 36)
SHOWN, RELOAD = "shown:", "reload"
"""Wait for a text; read the list under a panel again, which it does by itself sooner or later (the claim shows then)."""
NAMES = ("JUAN [PARTICULAR]", "O'HIGGINS, ÑUSTA", "FERNÁNDEZ IBARGÜENGOITIA ACHÁVAL, MARÍA DE LOS ÁNGELES", "山田 太郎")


@pytest.fixture
def desk(migrated_sqlite: str, home: Path) -> Iterator[Desk]:
    """The small house, with names that are long, wide, accented or look like markup."""
    made = open_desk(migrated_sqlite)
    for n, name in enumerate(NAMES):
        add_customer(made, name, f"351444{n:04d}", f"3000{n:04d}")
        add_opportunity(made, f"op{n}", name, TODAY + timedelta(n - 1), about=f"Service {n + 1}0.000 km")
    yield made
    set_language("es")
    made.house.close()


def pictured(desk: Desk, login: str = "ana", lang: str = "es") -> BoxesApp:
    """The app as somebody would see it, at the small house's instant."""
    desk.house.settings.home.mkdir(parents=True, exist_ok=True)
    set_language(lang)
    return BoxesApp(lambda: House(desk.house.settings, desk.clock, desk.house.engine, login), desk.house.settings)


def keys(*pressed: str) -> Callable[[Any], Any]:
    """Press the keys, then wait until nothing moves any more; a text in place of a key is waited for."""

    async def run(pilot: Any) -> None:
        app = pilot.app
        for key in ("", *pressed):
            if key == RELOAD:
                pilot.app.screen_stack[-2].reload()
            elif key.startswith(SHOWN):
                await _shown(pilot, key.removeprefix(SHOWN))
            elif key:
                await pilot.press(key)
            await _settled(pilot)
        assert app.house is not None

    return run


async def _shown(pilot: Any, text: str) -> None:
    for _ in range(400):
        if any(text in strip.text for strip in pilot.app.screen._compositor.render_strips()):
            return
        await pilot.pause(0.02)
    raise AssertionError(f"{text} does not show")


async def _settled(pilot: Any) -> None:
    app, quiet, before = pilot.app, 0, None
    for _ in range(400):
        await pilot.pause(0.02)
        now = [strip.text for strip in app.screen._compositor.render_strips()] if app.house else None
        busy = any(w.is_running for w in app.workers if w.group != "house") and getattr(app.screen, "_loading", False)
        quiet = quiet + 1 if now is not None and now == before and not busy else 0
        before = now
        if quiet >= 12 and getattr(app.screen, "takes_keys", True):
            return
    raise AssertionError("the screen does not come to rest")


PICTURES = [
    ("board", SMALL, "ana", "es", ()),
    ("board_wide", WIDE, "luis", "es", ()),
    ("opportunities", SMALL, "ana", "es", ("2", "down")),
    ("opportunities_wide", WIDE, "ana", "es", ("2", "down")),
    ("appointments_english", SMALL, "ana", "en", ("3",)),
    ("leaks_empty", SMALL, "ana", "es", ("9",)),
    ("call", SMALL, "ana", "es", ("2", "l", RELOAD, SHOWN + "▲t")),
    ("callback", SMALL, "ana", "es", ("2", "l", RELOAD, SHOWN + "▲t", "4", *"lu 15:30")),
    ("discard", SMALL, "ana", "es", ("2", "d")),
    ("customer", SMALL, "ana", "es", ("5", "v")),
    ("menu", SMALL, "ana", "es", ("2", "right", "m")),
    ("search", SMALL, "ana", "es", ("slash", *"3514")),
    ("my_day", SMALL, "luis", "es", ("D",)),
    ("report", SMALL, "luis", "es", ("6", "5")),
    ("wizard", SMALL, "luis", "es", ("7",)),
    (
        "wizard_plan",
        SMALL,
        "luis",
        "es",
        (
            "7",
            *"ab010cd",
            "enter",
            *"ab027cd",
            "enter",
            *"zz999zz",
            SHOWN + "INFORME",
            "pagedown",
            "pagedown",
            *"NT 4711",
            "tab",
            "tab",
            *"lu 30/11",
            SHOWN + "ENSAYO",
        ),
    ),
    ("report_wide", WIDE, "luis", "es", ("6", "3")),
]


MARKED = [pytest.param(*p, marks=pytest.mark.long) if p[0] == "wizard_plan" else p for p in PICTURES]
"""The plan takes half a minute to come to rest."""


@pytest.mark.parametrize(("name", "size", "login", "lang", "pressed"), MARKED, ids=[p[0] for p in PICTURES])
def test_picture(
    name: str, size: tuple[int, int], login: str, lang: str, pressed: tuple[str, ...], desk: Desk, snap_compare: Any
) -> None:
    assert snap_compare(pictured(desk, login, lang), terminal_size=size, run_before=keys(*pressed))
