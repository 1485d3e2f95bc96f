"""Drafts and acts that wait on this machine, as *Mi día* lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxes_tui.widgets.safe import Line

if TYPE_CHECKING:
    from boxes_tui.screens.base import DeskScreen


def waiting_lines(screen: DeskScreen) -> list[Line]:
    """One line for each draft and each act that could not be sent yet."""
    return []
