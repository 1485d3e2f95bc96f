"""Reminders due, the ladder of no-shows, and retention."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from boxes_tui.data.engine import set_scope, writing
from boxes_tui.data.tables import act, appointment, call, customer, outbox, reject
from boxes_tui.errors import ConfigError, Refused
from boxes_tui.outreach.ladder import due_days, no_show_ladder, reminders_due
from boxes_tui.outreach.outbox import Sender
from boxes_tui.outreach.reminder import SendReminder
from boxes_tui.outreach.retention import RULES, ApplyRetention, expired, rules_of
from boxes_tui.outreach.whatsapp import LogWhatsApp
from tests.outreach.kit import NOW, Kit
from tests.outreach.server import Inbox

TOMORROW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)


def _due(kit: Kit) -> list[tuple[int, str]]:
    return [(r.id, r.why) for r in kit.house.read(reminders_due)]


def test_reminders_due(kit: Kit, inbox: Inbox) -> None:
    who = kit.person()
    first = kit.booked(who, TOMORROW)
    other = kit.booked(
        kit.person("SIN MAIL", None, phone=("0351 4512345", "+543514512345", "3514512345", "fixed")), TOMORROW
    )
    kit.booked(who, TOMORROW, status="cancelled")
    kit.booked(who, TOMORROW, vanished_at=NOW)
    kit.booked(who, TOMORROW + timedelta(days=1))
    kit.booked(who, TOMORROW - timedelta(days=1))
    assert _due(kit) == [(first, "none"), (other, "none")]
    found = {r.id: (r.by_mail, r.by_whatsapp) for r in kit.house.read(reminders_due)}
    assert found == {first: (True, True), other: (False, False)}
    kit.house.execute(SendReminder(first, kit.desk))
    assert _due(kit) == [(other, "none")]
    inbox.answers["rcpt"] = "550 no"
    Sender(kit.house, kit.desk).run()
    assert _due(kit) == [(first, "failed"), (other, "none")]
    assert "550" in str(kit.house.read(reminders_due)[0].error)
    kit.house.execute(LogWhatsApp(f"appointments:{first}"))
    assert _due(kit) == [(other, "none")]
    kit.change(appointment, first, moved_at=NOW + timedelta(hours=1), reminder_state="old_date")
    assert (first, "old_date") in _due(kit)
    kit.change(customer, who, erased_at=NOW)
    assert _due(kit) == [(other, "none")]


def test_on_a_friday_the_weekend_and_monday(lite: Kit) -> None:
    days = lite.house.read(due_days, lite.branch)
    assert [d.isoformat() for d in days] == ["2026-11-25", "2026-11-25"]
    friday = type(lite.house.clock)(datetime(2026, 11, 20, 15, tzinfo=UTC))
    lite.house.clock = friday
    lite.house.refresh()
    days = lite.house.read(due_days, lite.branch)
    assert [d.isoformat() for d in days] == ["2026-11-21", "2026-11-24"]  # Monday 23/11 is a holiday


def test_no_show_ladder(lite: Kit) -> None:
    who = lite.person()
    at = {n: lite.booked(who, NOW - timedelta(days=n, hours=2)) for n in (0, 1, 2, 3, 6, 7, 8)}
    lite.booked(who, NOW - timedelta(days=1), arrived_at=NOW)
    lite.booked(who, NOW - timedelta(days=1), rebooked_id=1)
    rows = {r.id: (r.step, r.due) for r in lite.house.read(no_show_ladder)}
    assert rows == {
        at[0]: (0, True), at[1]: (1, True), at[2]: (1, True), at[3]: (3, True), at[6]: (3, True), at[7]: (7, True),
    }  # fmt: skip
    common: dict[str, Any] = dict.fromkeys(("contact", "productive", "closes"), False)
    with writing(lite.house.engine) as conn:
        for turn, when in ((at[3], NOW - timedelta(days=2)), (at[7], NOW - timedelta(hours=1))):
            conn.execute(
                insert(call).values(
                    at=when, day=when.date(), type="no_show", purpose="operational", subject="appointment", subject_id=turn,
                    customer_id=who, code="no_answer", **common,
                )
            )  # fmt: skip
    due = {r.id: r.due for r in lite.house.read(no_show_ladder)}
    assert (due[at[3]], due[at[7]]) == (True, False)  # asked on D1, D3 is due again; asked on D7, done


def test_retention_counts_then_lets_go(kit: Kit) -> None:
    turn = kit.booked(kit.person())
    kit.house.execute(SendReminder(turn, kit.desk))
    old = NOW - timedelta(days=400)
    with writing(kit.house.engine) as conn:
        set_scope(conn, None)
        conn.execute(update(outbox).values(state="sent", created_at=old))
        conn.execute(update(act).values(at=old))
        conn.execute(
            insert(reject).values(
                source_id=kit.source, entity="customer", file="f", line=1, code="E-KEY", reason="r", raw="JUAN", digest="d",
                first_seen=old, last_seen=old, last_run=1, times=1, closed_at=old,
            )
        )  # fmt: skip
    rules = rules_of(kit.settings)
    counts = kit.house.read(expired, rules)
    assert {k: n for k, n in counts.items() if n} == {"mail_texts": 1, "undo_images": 1, "closed_rejects": 1}
    assert kit.mails()[0]["recipient"]
    done = kit.house.execute(ApplyRetention(rules)).result["rows"]
    assert {k: n for k, n in done.items() if n} == {"mail_texts": 1, "undo_images": 1, "closed_rejects": 1}
    assert (kit.mails()[0]["recipient"], kit.mails()[0]["body_text"], kit.mails()[0]["state"]) == ("", "", "sent")
    assert set(kit.house.read(expired, rules).values()) == {0}
    with kit.house.engine.connect() as conn:
        set_scope(conn, None)
        assert conn.execute(select(act.c.images).where(act.c.at == old)).scalars().all() == [None]
    with pytest.raises(Refused):
        kit.as_user("sol", "supervisor").execute(ApplyRetention(rules))


def test_retention_is_configured_by_name(lite: Kit) -> None:

    settings = replace(lite.settings, file={"retention": {"mail_texts": 0, "contact_log": 30}})
    assert {r.name: d for r, d in rules_of(settings)} == {
        **{r.name: r.days for r in RULES},
        "mail_texts": 0,
        "contact_log": 30,
    }
    for wrong in ({"todo": 1}, {"mail_texts": -1}, {"mail_texts": "90"}, {"mail_texts": True}):
        with pytest.raises(ConfigError):
            rules_of(replace(lite.settings, file={"retention": wrong}))


def test_the_lists_of_the_follow_up_on_each_database(kit: Kit, inbox: Inbox) -> None:
    """Reminded and answered, not sent, cancelled with the invite out, missed: each in its list and in no other; the card
    tells them, and what a reminder is about is found from any row."""
    from boxes_tui.data.reads.customers import card
    from boxes_tui.desk.card_row import card_row
    from boxes_tui.desk.permits import permits
    from boxes_tui.outreach.followup import READS, follow_up, follow_up_counts, next_appointment
    from boxes_tui.outreach.whatsapp import NoteReply

    who = kit.person()
    told, answered, gone, given_again = (kit.booked(who, TOMORROW + timedelta(minutes=n)) for n in range(4))
    texted = kit.booked(who, TOMORROW + timedelta(days=9))
    for turn in (told, answered, gone, given_again):
        kit.house.execute(SendReminder(turn, kit.desk))
    Sender(kit.house, kit.desk).run()
    kit.house.execute(LogWhatsApp(f"appointments:{texted}"))
    kit.house.execute(NoteReply(f"appointments:{answered}", "no"))
    kit.change(appointment, gone, status="cancelled")
    kit.change(appointment, given_again, status="cancelled")
    again = kit.booked(who, TOMORROW + timedelta(days=3), previous_id=given_again)
    failed = kit.booked(who, TOMORROW + timedelta(days=5))
    kit.house.execute(SendReminder(failed, kit.desk))
    inbox.answers["rcpt"] = "550 no"
    Sender(kit.house, kit.desk).run()
    missed = kit.booked(who, NOW - timedelta(days=1))
    found = {flt: [i.row.id for i in kit.house.read(follow_up, flt).items] for flt in READS}
    assert found == {
        "due": [], "unanswered": [told, texted], "failed": [failed], "cancelled": [gone], "no_shows": [missed],
    }  # fmt: skip
    assert kit.house.read(follow_up_counts) == (0, 1)
    rows = {i.row.id: i.row for i in kit.house.read(follow_up, "failed").items}
    assert rows[failed].mail_error == "dirección rechazada (550)"
    lines = [(x.kind, x.note) for x in kit.house.read(card, who).lines]
    assert sorted(lines) == sorted([("email", "reminder")] * 4 + [("whatsapp", "3456"), ("email_reply", "no")])
    row = kit.house.read(card_row, who)
    nearest = kit.house.read(next_appointment, replace(row, subject="customer", vehicle_id=None))
    assert nearest is not None and nearest.id == told and again
    assert kit.house.read(permits, row).operational.allowed
    kit.change(appointment, answered, moved_at=NOW + timedelta(minutes=1), reminder_state="old_date")
    assert [i.row.id for i in kit.house.read(follow_up, "due").items] == [answered]  # a new time asks anew
