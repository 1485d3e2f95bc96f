"""The merge rules of DMS.md §4, one test each, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.dms.mini import TOML, Mini, day

CAR = {"id": "V1", "vin": "8APAAAAAAA0000001", "plate": "AA123BB", "model": "CRONOS", "owner": "C1"}
CAR2 = {"id": "V2", "vin": "8APAAAAAAA0000002", "plate": "AA124BB", "model": "ARGO", "owner": "C2"}
WHO = {"id": "C1", "name": "Peña, José", "doc": "20111222", "phone": "351 155111222"}
WHO2 = {"id": "C2", "name": "Sosa, Ana", "doc": "20333444", "phone": "351 155333444"}


def masters(mini: Mini) -> Mini:
    return mini.put("customers", WHO, WHO2).put("vehicles", CAR, CAR2)


def turno(key: str, start: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "start": start, "plate": "AA123BB", "customer": "C1", **more}


def confirm(mini: Mini, key: str) -> None:
    mini.act(
        "UPDATE appointment SET confirmed_at = 1, confirmed_by = 1, confirmed_start = starts_at, comment = 'viene la hija' "
        "WHERE source_key = :k", k=key,
    )  # fmt: skip


def sell(mini: Mini, key: str, at: str) -> None:
    """An opportunity of the vehicle of appointment ``key``, sold for a local time."""
    mini.act(
        "INSERT INTO opportunity (branch_id, customer_id, vehicle_id, origin, state, due_day, about, created_at, created_day, "
        "sold_for, match, state_day) SELECT (SELECT min(id) FROM branch), owner_id, id, 'customer', 'sold', 739900, 'service', 1, "
        "739900, :at, 'waiting', 739944 FROM vehicle WHERE source_key = 'V1'",
        at=int(__import__("datetime").datetime.fromisoformat(at + "-03:00").timestamp()),
    )


def test_moved_drops_the_confirmation_and_keeps_the_comment(mini: Mini) -> None:
    masters(mini).put("agenda", turno("1", day(2)), turno("2", day(2))).run()
    confirm(mini, "1")
    confirm(mini, "2")
    mini.act("UPDATE appointment SET reminder_state = 'sent'")
    mini.put("agenda", turno("1", day(3)), turno("2", day(2), contact="Otra")).run()
    assert mini.keys("appointments/confirmed") == ["2"]
    assert mini.keys("appointments/to_confirm") == ["1"]
    [(comment, moved, sequence, reminder)] = mini.sql(
        "SELECT comment, moved_at IS NOT NULL, invite_sequence, reminder_state FROM appointment WHERE source_key = '1'"
    )
    assert (comment, bool(moved), sequence, reminder) == ("viene la hija", True, 1, "old_date")
    assert mini.sql("SELECT kind FROM dms_event") == [("moved",)]


def test_cancelled_leaves_the_queue_and_gives_the_opportunity_back(mini: Mini) -> None:
    masters(mini).put("agenda", turno("1", day(2, "10:00"))).run()
    sell(mini, "1", day(2, "10:10"))
    mini.put("agenda", turno("1", day(2, "10:00"), contact="X")).run()
    assert mini.sql("SELECT match FROM opportunity") == [("verified",)]
    mini.put("agenda", turno("1", day(2, "10:00"), state="X")).run()
    assert mini.keys("appointments/to_confirm") == []
    assert mini.sql("SELECT state, flag FROM opportunity") == [("open", "appointment_cancelled")]
    mini.at(3).put("agenda", turno("1", day(2, "10:00"), state="X")).run()
    assert mini.keys("appointments/no_show") == []


def test_cancel_and_new_key_are_one_move(mini: Mini) -> None:
    masters(mini).put("agenda", turno("1", day(2))).run()
    sell(mini, "1", day(2))
    mini.put("agenda", turno("1", day(2), contact="x")).run()
    mini.put("agenda", turno("1", day(2), state="X"), turno("9", day(4))).run()
    [(previous,)] = mini.sql("SELECT p.source_key FROM appointment a JOIN appointment p ON p.id = a.previous_id")
    assert previous == "1"
    assert mini.sql("SELECT state, match FROM opportunity") == [("sold", "verified")]


def test_cancel_and_two_new_keys_both_stand(mini: Mini) -> None:
    masters(mini).put("agenda", turno("1", day(2))).run()
    mini.put("agenda", turno("1", day(2), state="X"), turno("8", day(3)), turno("9", day(4))).run()
    assert mini.sql("SELECT count(*) FROM appointment WHERE previous_id IS NOT NULL") == [(0,)]


def test_vanished_after_two_reads_and_revived(mini: Mini) -> None:
    rows = [turno(str(n), day(5), plate="AA124BB") for n in range(30)]
    masters(mini).put("agenda", turno("x", day(1)), turno("old", day(-1)), *rows).run()
    mini.put("agenda", *rows).run()
    assert "x" in mini.keys("appointments/to_confirm")
    report = mini.put("agenda", *rows).run()
    assert mini.counts(report, "appointment")["gone"] == 1
    assert "x" not in mini.keys("appointments/to_confirm")
    assert mini.keys("appointments/no_show") == ["old"]
    report = mini.put("agenda", turno("x", day(1)), *rows).run()
    assert mini.counts(report, "appointment")["revived"] == 1
    assert "x" in mini.keys("appointments/to_confirm")


def test_vanished_with_an_order_that_day_has_arrived(mini: Mini) -> None:
    rows = [turno(str(n), day(5), plate="AA124BB") for n in range(30)]
    masters(mini).put("agenda", turno("x", day(0, "16:00")), *rows).run()
    mini.put("orders", {"id": "O1", "opened": day(0, "11:00"), "plate": "AA123BB"})
    mini.put("agenda", *rows).run()
    mini.put("agenda", *rows).run()
    assert mini.keys("appointments/not_arrived") == []
    assert mini.sql("SELECT status, vanished_at FROM appointment WHERE source_key = 'x'") == [("converted", None)]


def test_outside_the_window_is_never_absent(mini: Mini) -> None:
    rows = [turno(str(n), day(5)) for n in range(30)]
    masters(mini).put("agenda", turno("far", day(90)), *rows).run()
    for _ in range(3):
        mini.put("agenda", *rows).run()
    assert "far" in mini.keys("appointments/to_confirm")


def test_arrival_by_key_by_vehicle_and_withdrawn_when_voided(mini: Mini) -> None:
    masters(mini).put(
        "agenda",
        turno("1", day(0)),
        turno("2", day(-1), plate="AA124BB"),
        turno("3", day(-1), plate="", vin=CAR2["vin"]),
    )
    mini.put(
        "orders", {"id": "O1", "opened": day(0, "08:00"), "vin": CAR["vin"]},
        {"id": "O2", "opened": day(0, "08:00"), "plate": "AA124BB", "turno": "2"},
    ).run()  # fmt: skip
    assert mini.keys("appointments/not_arrived") == []
    assert mini.keys("appointments/no_show") == ["3"]
    mini.put("orders", {"id": "O1", "opened": day(0, "08:00"), "vin": CAR["vin"], "state": "AN"},
             {"id": "O2", "opened": day(0, "08:00"), "plate": "AA124BB", "turno": "2", "state": "PR"}).run()  # fmt: skip
    assert mini.keys("appointments/not_arrived") == ["1"]
    assert mini.keys("appointments/no_show") == ["2", "3"]


def test_arrival_that_the_dms_tells(mini: Mini) -> None:
    masters(mini).put("agenda", turno("1", day(0), state="I"), turno("2", day(0), order="O9", plate="AA124BB")).run()
    assert mini.keys("appointments/not_arrived") == ["2"]
    mini.put("orders", {"id": "O9", "opened": day(0, "09:00"), "chassis": "ZZZZ99"}).run()
    assert mini.keys("appointments/not_arrived") == []


def test_short_chassis_on_both_sides_without_a_master(mini: Mini) -> None:
    mini.put("agenda", {"id": "1", "start": day(0), "chassis": "X0000009", "unit": "GOL"},
             {"id": "2", "start": day(0), "chassis": "X0000008", "unit": "GOL"})  # fmt: skip
    mini.put("orders", {"id": "O1", "opened": day(0), "chassis": "0000009", "customer": "C1"},
             {"id": "O2", "opened": day(0), "vin": "8APAAAAAAX0000008"}).run()  # fmt: skip
    assert mini.keys("appointments/not_arrived") == []


def test_twins_are_never_guessed(mini: Mini) -> None:
    twin = {"id": "V3", "vin": "8APBBBBBBB0000001", "plate": "AA125BB"}
    masters(mini).put("vehicles", CAR, CAR2, twin)
    mini.put(
        "agenda",
        {"id": "1", "start": day(0), "chassis": "0000001"},
        {"id": "2", "start": day(0), "chassis": "0000001", "plate": "AA125BB"},
    )
    mini.put(
        "orders", {"id": "O1", "opened": day(0), "vin": CAR["vin"]}, {"id": "O2", "opened": day(0), "vin": twin["vin"]}
    ).run()
    assert mini.keys("appointments/not_arrived") == ["1"]


def test_a_twin_that_comes_later_undoes_the_guess(mini: Mini) -> None:
    masters(mini).put("agenda", {"id": "1", "start": day(0), "chassis": "0000001"})
    mini.put("orders", {"id": "O1", "opened": day(0), "vin": CAR["vin"]}).run()
    assert mini.keys("appointments/not_arrived") == []
    mini.put("vehicles", CAR, CAR2, {"id": "V3", "vin": "8APBBBBBBB0000001"}).run()
    assert mini.keys("appointments/not_arrived") == ["1"]


def test_older_version_is_stale(mini: Mini) -> None:
    masters(mini).put("agenda", turno("1", day(2), ver=day(0, "09:00"))).run()
    report = mini.put("agenda", turno("1", day(1), ver=day(0, "08:00"))).run()
    assert mini.counts(report, "appointment") == {"read": 1, "stale": 1}
    assert mini.sql("SELECT count(*) FROM dms_event") == [(0,)]


def test_annulled_delivery_leaves_unless_called(mini: Mini) -> None:
    sale = {"plate": "AA123BB", "customer": "C1", "at": day(-1)}
    masters(mini).put("sales", {"id": "1", **sale}, {"id": "2", **sale}).run()
    mini.act("UPDATE sale_delivery SET last_call_id = 7, welcome_call_id = 7 WHERE source_key = '2'")
    mini.put("sales", {"id": "1", **sale, "state": "A"}, {"id": "2", **sale, "state": "A"}).run()
    assert mini.keys("deliveries/all") == ["2"]


def test_delivered_by_status_alone(mini: Mini) -> None:
    order = {"opened": day(-3), "plate": "AA123BB"}
    masters(mini).put("orders", {"id": "1", **order, "state": "EN"}, {"id": "2", **order, "state": "TE"},
                      {"id": "3", **order, "state": "EN", "closed": day(-1)}).run()  # fmt: skip
    assert mini.keys("completed/all") == ["3"]
    assert mini.keys("in_process/all") == ["2"]
    mini.at(1).put("orders", {"id": "1", **order, "state": "EN"}, {"id": "2", **order, "state": "EN"},
                   {"id": "3", **order, "state": "EN", "closed": day(-1)}).run()  # fmt: skip
    assert mini.keys("completed/all") == ["2", "3"]
    assert mini.keys("in_process/all") == []
    assert mini.keys("leaks/all") == []


def test_invoiced_orders_are_delivered_when_their_hours_are_over(tmp_path: Path, url: str | None) -> None:
    toml = TOML.replace('mode = "snapshot"\n', 'mode = "snapshot"\ninvoiced_hours = 24\n', 1).replace(
        "closed_at = { from", "invoiced_at = { from", 1
    )
    mini = Mini(tmp_path, url, toml)
    rows = [{"id": f"O{n}", "opened": day(-3), "closed": day(n, "12:30"), "plate": f"AA10{n}BB"} for n in (0, -1, -2)]
    mini.put("orders", *rows).run()
    assert mini.keys("in_process/all") == ["O-1", "O0"]
    assert mini.keys("completed/all") == ["O-2"]
    mini.put("orders", *rows).at(1).run()  # the very same bytes, a day later
    assert mini.keys("in_process/all") == ["O0"]
    assert mini.keys("completed/all") == ["O-1", "O-2"]
    mini.house.close()


def test_reopened_order_comes_back(mini: Mini) -> None:
    order = {"id": "1", "opened": day(-3), "plate": "AA123BB"}
    masters(mini).put("orders", {**order, "state": "EN", "delivered": day(-1)}).run()
    mini.act("UPDATE repair_order SET courtesy_call_id = 9")
    mini.put("orders", {**order, "state": "AB"}).run()
    assert (mini.keys("in_process/all"), mini.keys("completed/all")) == (["1"], [])
    mini.put("orders", {**order, "state": "EN", "delivered": day(0)}).run()
    assert mini.keys("completed/done") == ["1"]


def test_manual_delivery_yields_to_the_dms_and_is_reviewed(mini: Mini) -> None:
    order = {"opened": day(-3), "plate": "AA123BB"}
    masters(mini).put("orders", *({"id": str(n), **order} for n in (1, 2, 3))).run()
    noon = int(mini.house.clock.now().timestamp())
    mini.act(
        "UPDATE repair_order SET manual_delivered_at = :t, manual_marked_at = :t, manual_delivered_by = 1, handover_at = :t, "
        "handover_day = 739944, delivery_basis = 'manual'", t=noon,
    )  # fmt: skip
    mini.at(1).put("orders", {"id": "1", **order, "state": "EN", "delivered": day(0, "18:00")},
                   {"id": "2", **order, "notes": "otra"}, {"id": "3", **order}).run()  # fmt: skip
    found = dict(mini.sql("SELECT source_key, coalesce(manual_review, '-') || ' ' || delivery_basis FROM repair_order"))
    assert found == {"1": "- delivered_at", "2": "changed manual", "3": "- manual"}
    assert mini.keys("in_process/all") == []
    mini.at(3).put("orders", {"id": "1", **order, "state": "EN", "delivered": day(0, "18:00")},
                   {"id": "2", **order, "notes": "otra"}, {"id": "3", **order}).run()  # fmt: skip
    assert mini.sql("SELECT manual_review FROM repair_order WHERE source_key = '3'") == [("silent",)]
