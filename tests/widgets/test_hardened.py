"""The hardened base: doors of Textual that stay shut, and the private hooks it stands on (RELIABILITY §4.6, S2, S18)."""

from __future__ import annotations

import inspect
import io
from collections.abc import Iterator
from typing import Any

import pytest
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from boxes_tui.guard.driver import BoxesDriver, Writer
from boxes_tui.guard.environment import wants_mouse
from boxes_tui.widgets.palette import PaletteItem
from boxes_tui.widgets.screen import BoxesScreen
from tests.widgets.desk import Desk, make, rows
from tests.widgets.picture import picture


async def test_no_text_can_run_an_action() -> None:
    class Trap(BoxesScreen[None]):
        def compose(self) -> Iterator[Widget]:
            yield Static("[@click=app.exit]leave[/]", markup=True)

    app = make(Trap)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click(Static, offset=(2, 0))
        await pilot.pause()
        assert app.is_running and not app._exit


async def test_no_browser_no_files_no_shell() -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_url("https://example.test")
        await pilot.pause()
        assert picture(app)[22] == " https://example.test"
        assert app.deliver_text("x") is None and app.deliver_binary("x") is None
        app.action_suspend_process()
        assert list(app.get_system_commands(app.screen)) == []


async def test_the_palette_holds_the_verbs_of_the_screen_and_nothing_else() -> None:
    done: list[str] = []

    class Verbs(Desk):
        def palette_items(self) -> list[PaletteItem]:
            return [
                PaletteItem("Llamar [x]", "l", lambda: done.append("call")),
                PaletteItem("Descartar", "d", lambda: done.append("discard")),
            ]

    app = make(lambda: Verbs(rows(3)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause(0.3)
        shown = "\n".join(picture(app))
        assert "Llamar [x]" in shown and "Descartar" in shown and "Screenshot" not in shown and "Theme" not in shown
        await pilot.press(*"descar")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert done == ["discard"]


async def test_themes_change_while_running(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    app = make(BOXES_THEME="contraste")
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.theme == "contraste"
        app.use_theme("claro")
        await pilot.pause()
        assert app.screen.background_colors[1].hex.lower() == "#fbfcfd"
        app.use_theme("nope")
        assert app.theme == "claro"


async def test_a_silent_worker_failure_speaks(tmp_path: Any) -> None:
    app = make(home=str(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:

        async def fail() -> None:
            raise KeyError("CANARY")

        app.screen.run_worker(fail(), exit_on_error=False)
        await pilot.pause(0.1)
        assert picture(app)[22].startswith(" ✗ Error inesperado (código ") and "CANARY" not in picture(app)[22]
        (report,) = (tmp_path / "crash").iterdir()
        assert "KeyError" in report.read_text() and "CANARY" not in report.read_text()


def test_mouse_reports_are_off_over_ssh_unless_asked_for() -> None:
    assert wants_mouse("auto", {}) and not wants_mouse("auto", {"SSH_TTY": "/dev/pts/1"})
    assert wants_mouse("on", {"SSH_TTY": "x"}) and not wants_mouse("off", {})


def test_the_driver_is_never_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTUAL_DRIVER", "os:system")
    assert make().get_driver_class() is BoxesDriver


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [
        (App, "_handle_exception", ["self", "error"]),
        (App, "_print_error_renderables", ["self"]),
        (App, "_close_messages_no_wait", ["self"]),
        (App, "_broker_event", ["self", "event_name", "event", "default_namespace"]),
        (App, "_display", ["self", "screen", "renderable"]),
        (App, "get_line_filters", ["self"]),
        (Screen, "_on_timer_update", ["self"]),
        (Widget, "_exchange_repaint_regions", ["self"]),
        (LinuxDriver, "_run_input_thread", ["self"]),
        (LinuxDriver, "run_input_thread", ["self"]),
        (LinuxDriver, "write", ["self", "data"]),
        (LinuxDriver, "close", ["self"]),
    ],
)
def test_the_private_hooks_are_as_they_were(owner: type, name: str, parameters: list[str]) -> None:
    """Fails at an upgrade of Textual that moves what we stand on."""
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters


async def test_the_private_state_is_as_it_was() -> None:
    app = make()
    async with app.run_test(size=(80, 24)):
        grid = app.screen.query_one("Grid")
        assert isinstance(grid._repaint_regions, set) and hasattr(grid._styles_cache, "clear")
        assert isinstance(app.screen._compositor._dirty_regions, set)
        assert isinstance(app._exit_renderables, list) and app._batch_count == 0
        assert not app.screen.query("ToastRack") and not app.screen.query("Tooltip")


def test_the_writer_may_end_while_it_is_asked() -> None:
    """Seen as a crash under load: the thread set the time back between the two looks at it."""
    writer = Writer(io.StringIO())
    writer._since = 0.0

    class Ending:
        def qsize(self) -> int:
            writer._since = None
            return 0

    writer._queue = Ending()  # type: ignore[assignment]
    assert writer.busy
