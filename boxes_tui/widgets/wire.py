"""Moving lines inside the terminal instead of painting them again: one scrolled row costs a few bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Region

if TYPE_CHECKING:
    from textual.widget import Widget


def scroll_lines(widget: Widget, lines: Region, up: int) -> bool:
    """Scroll whole screen lines of a widget by ``up`` (negative: down) in the terminal.

    ``lines`` is relative to the screen. False, and nothing done, where the terminal cannot be told: the
    lines do not span it, another screen stands over them, or there is no terminal. The caller repaints the
    lines that came in.
    """
    app = widget.app
    driver = app._driver
    if driver is None or app.is_headless or app.is_web or driver.is_inline or app._batch_count:
        return False
    if not getattr(app, "may_move_lines", True) or widget.screen._compositor._dirty_regions:
        return False
    if app.screen is not widget.screen or lines.x != 0 or lines.width != app.size.width or lines.height <= abs(up):
        return False
    top, bottom = lines.y + 1, lines.y + lines.height
    verb = f"{up}M" if up > 0 else f"{-up}L"
    driver.write(f"\x1b[0m\x1b[{top};{bottom}r\x1b[{top};1H\x1b[{verb}\x1b[r")
    moved = getattr(app, "lines_moved", None)
    if moved is not None:
        moved(lines.y, lines.y + lines.height, up)
    return True
