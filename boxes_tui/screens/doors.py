"""Which screen stands behind each button of the board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxes_tui.domain.queues import QUEUES

if TYPE_CHECKING:
    from boxes_tui.screens.base import DeskScreen


def open_door(screen: DeskScreen, code: str) -> None:
    """Push the screen of a queue, the reports, or the campaign wizard."""
    if code == "campaign_opportunities":
        from boxes_tui.screens.campaign_queue import CampaignQueueScreen

        screen.app.push_screen(CampaignQueueScreen())
    elif code in QUEUES:
        from boxes_tui.screens.queue import QueueScreen

        screen.app.push_screen(QueueScreen(code))
    elif code == "reports":
        from boxes_tui.screens.report_list import ReportsScreen

        screen.app.push_screen(ReportsScreen())
    else:
        from boxes_tui.screens.campaign_wizard import WizardScreen

        screen.app.push_screen(WizardScreen())
