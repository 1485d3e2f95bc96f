"""No dead key: what the verb table promises on a screen, the screen does (issue: later verbs are absent, not dead)."""

from __future__ import annotations

import pytest

from boxes_tui.domain.verbs import LISTS, VERBS, Verb
from boxes_tui.screens.board import BoardScreen
from boxes_tui.screens.campaign_queue import CampaignQueueScreen
from boxes_tui.screens.campaign_wizard import WizardScreen
from boxes_tui.screens.customer import CustomerScreen
from boxes_tui.screens.my_day import MyDayScreen
from boxes_tui.screens.queue import QueueScreen
from boxes_tui.screens.reconciliation import ReconciliationScreen
from boxes_tui.screens.report_grid import ReportGridScreen
from boxes_tui.screens.reports import ReportScreen

SCREENS = {
    **dict.fromkeys(LISTS, QueueScreen), "campaign_opportunities": CampaignQueueScreen, "board": BoardScreen, "customer": CustomerScreen, "my_day": MyDayScreen,
    "reconciliation": ReconciliationScreen, "report": ReportScreen, "grid": ReportGridScreen, "wizard2": WizardScreen,
}  # fmt: skip


@pytest.mark.parametrize("verb", VERBS, ids=lambda v: f"{v.id}-{v.key}")
def test_every_verb_of_a_screen_has_its_method(verb: Verb) -> None:
    missing = [place for place in verb.where if place in SCREENS and not hasattr(SCREENS[place], f"verb_{verb.id}")]
    assert not missing, missing
