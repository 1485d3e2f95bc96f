"""Customers and vehicles that runs make, feed, merge and part again (DMS.md §3, §4), on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.dms.mini import TOML, Mini, day
from tests.dms.test_merge_rules import CAR, CAR2, WHO, WHO2, masters, turno

FEEDS = (
    'customer.display_name = "name"\ncustomer.phones = ["phone"]\ncustomer.email = "mail"\ncustomer.doc_number = "doc"\n'
    'vehicle.model = "unit"\nvehicle.plate = "plate"\nvin = "vin"\n'
)
FEED_HEAD = [
    "id",
    "start",
    "vin",
    "chassis",
    "plate",
    "customer",
    "name",
    "doc",
    "phone",
    "mail",
    "contact",
    "unit",
    "order",
    "state",
    "ver",
]


def fed(folder: Path, url: str | None) -> Mini:
    """The small dealership with appointments that carry customer and car in dotted fields."""
    toml = TOML.replace(
        'plate = "plate"\ncustomer_key = "customer"\ncontact_name', f'{FEEDS}customer_key = "customer"\ncontact_name'
    )
    return Mini(
        folder, url, toml.replace('vin = "vin"\nchassis = "chassis"\n' + FEEDS, 'chassis = "chassis"\n' + FEEDS)
    )


def people(mini: Mini) -> list[tuple[Any, ...]]:
    return mini.sql(
        "SELECT source_key, display_name, email, is_stub FROM customer WHERE merged_into_id IS NULL ORDER BY id"
    )


def phones(mini: Mini, key: str) -> list[str]:
    rows = mini.sql(
        "SELECT p.last10 FROM customer_phone p JOIN customer c ON c.id = p.customer_id WHERE c.source_key = :k AND p.present "
        "ORDER BY p.origin, p.position", k=key,
    )  # fmt: skip
    return [str(r[0]) for r in rows]


def test_of_several_fed_rows_the_latest_own_date_stands(tmp_path: Path, url: str | None) -> None:
    mini = fed(tmp_path, url)
    rows = [
        {"id": "1", "start": day(3), "customer": "C1", "name": "Nueva", "phone": "351 155000003", "plate": "AA123BB"},
        {"id": "2", "start": day(1), "customer": "C1", "name": "Vieja", "phone": "351 155000001", "mail": "a@b.com"},
    ]
    mini.put("agenda", *rows, head=FEED_HEAD).run()
    assert [(k, n, m, bool(s)) for k, n, m, s in people(mini)] == [("C1", "Nueva", "a@b.com", True)]
    assert phones(mini, "C1") == ["3515000003"]
    mini.put("agenda", {**rows[0], "name": ""}, {**rows[1], "name": "Vieja bis"}, head=FEED_HEAD).run()
    assert people(mini)[0][1] == "Nueva"
    mini.put(
        "agenda", rows[0], rows[1], {**rows[0], "id": "3", "start": day(5), "name": "Novísima"}, head=FEED_HEAD
    ).run()
    assert people(mini)[0][1] == "Novísima"
    mini.house.close()


def test_the_masters_row_wins_field_by_field(tmp_path: Path, url: str | None) -> None:
    mini = fed(tmp_path, url)
    row = {
        "id": "1",
        "start": day(3),
        "customer": "C1",
        "name": "De la agenda",
        "phone": "351 155000003",
        "mail": "a@b.com",
        "plate": "AA123BB",
    }
    mini.put("agenda", row, head=FEED_HEAD).put("customers", {"id": "C1", "name": "Del maestro"}).run()
    assert [(n, m, bool(s)) for _k, n, m, s in people(mini)] == [("Del maestro", "a@b.com", False)]
    assert phones(mini, "C1") == ["3515000003"]
    mini.put("customers", {"id": "C1", "name": "Del maestro", "phone": "351 155999999"}).run()
    assert phones(mini, "C1")[0] == "3515999999"
    mini.put("agenda", {**row, "name": "Otra", "mail": "c@d.com", "start": day(4)}, head=FEED_HEAD).run()
    assert people(mini)[0][1:3] == ("Del maestro", "c@d.com")

    def doc() -> Any:
        return mini.sql("SELECT doc_number, doc_digits FROM customer")[0]

    mini.put("agenda", {**row, "doc": "20.111.222", "start": day(5)}, head=FEED_HEAD)
    mini.put("customers", {"id": "C1", "name": "Del maestro", "doc": "30999888"}).run()
    assert doc() == ("30999888", "30999888")
    mini.put("customers", {"id": "C1", "name": "Del maestro"}).run()
    assert doc() == ("20.111.222", "20111222")
    mini.put("customers", {"id": "C1", "name": "Del maestro", "doc": "20.111.222"}).run()
    mini.put("agenda", {**row, "doc": "20555666", "start": day(6)}, head=FEED_HEAD).run()
    assert doc() == ("20.111.222", "20111222")
    mini.house.close()


def test_customers_without_a_key(tmp_path: Path, url: str | None) -> None:
    mini = fed(tmp_path, url)
    mini.put("customers", {"id": "C9", "name": "Con clave", "doc": "20.999.999"})
    mini.put(
        "agenda",
        {"id": "1", "start": day(1), "name": "Peña, José", "doc": "20111222", "plate": "AA100BB"},
        {"id": "2", "start": day(2), "name": "PEÑA JOSE", "doc": "20.111.222", "plate": "AA101BB"},
        {"id": "3", "start": day(2), "name": "Sosa, Ana", "phone": "0351 4512345", "plate": "AA102BB"},
        {"id": "4", "start": day(2), "name": "SOSA ANA", "phone": "351 4512345", "plate": "AA103BB"},
        {"id": "5", "start": day(2), "name": "Sosa, Eva", "phone": "351 4512345", "plate": "AA104BB"},
        {"id": "6", "start": day(2), "name": "Sin nada", "plate": "AA105BB"},
        {"id": "7", "start": day(2), "name": "Sin nada", "plate": "AA106BB"},
        {"id": "8", "start": day(2), "name": "Con clave", "doc": "20999999", "plate": "AA107BB"},
        {"id": "9", "start": day(2), "plate": "AA108BB"},
        head=FEED_HEAD,
    )
    report = mini.run()
    owners = dict(mini.sql("SELECT source_key, customer_id FROM appointment"))
    assert owners["1"] == owners["2"] != owners["3"]
    assert owners["3"] == owners["4"] != owners["5"]
    assert owners["6"] != owners["7"]
    assert owners["9"] is None
    assert owners["8"] == mini.sql("SELECT id FROM customer WHERE source_key = 'C9'")[0][0]
    assert mini.counts(report, "appointment")["stubs"] == 5 + 9
    persons = dict(
        mini.sql("SELECT a.source_key, c.person_id FROM appointment a JOIN customer c ON c.id = a.customer_id")
    )
    assert persons["3"] == persons["5"] != persons["1"]
    mini.house.close()


def test_a_rejected_row_feeds_nothing(tmp_path: Path, url: str | None) -> None:
    mini = fed(tmp_path, url)
    mini.put("agenda", {"id": "1", "start": "?", "customer": "C1", "name": "Nadie"}, head=FEED_HEAD).run()
    assert people(mini) == []
    mini.house.close()


def test_a_car_known_from_rows_alone(tmp_path: Path, url: str | None) -> None:
    mini = fed(tmp_path, url)
    mini.put(
        "agenda", {"id": "1", "start": day(0), "plate": "AA 100 bb", "customer": "C1", "unit": "GOL"}, head=FEED_HEAD
    )
    mini.put("orders", {"id": "O1", "opened": day(0), "vin": "8APAAAAAAA0000009", "customer": "C1"}).run()
    assert mini.keys("appointments/not_arrived") == ["1"]
    mini.put(
        "orders", {"id": "O1", "opened": day(0), "vin": "8APAAAAAAA0000009", "plate": "AA100BB", "customer": "C1"}
    ).run()
    assert mini.keys("appointments/not_arrived") == []
    assert mini.sql("SELECT vin, plate, model FROM vehicle WHERE merged_into_id IS NULL") == [
        ("8APAAAAAAA0000009", "AA100BB", "GOL")
    ]
    mini.house.close()


def test_stub_by_plate_merges_and_the_agents_work_follows(mini: Mini) -> None:
    mini.put("agenda", turno("1", day(1)), turno("2", day(2), plate="AA124BB")).run()
    mini.act(
        "INSERT INTO opportunity (branch_id, vehicle_id, origin, state, due_day, about, created_at, created_day) "
        "SELECT 1, vehicle_id, 'customer', 'open', 739950, 'x', 1, 1 FROM appointment WHERE source_key = '1'"
    )
    masters(mini).run()
    [(unit,)] = mini.sql("SELECT id FROM vehicle WHERE source_key = 'V1'")
    assert mini.sql("SELECT vehicle_id FROM opportunity") == [(unit,)]
    assert mini.sql("SELECT vehicle_id FROM appointment WHERE source_key = '1'") == [(unit,)]
    assert mini.sql("SELECT count(*) FROM vehicle WHERE merged_into_id IS NOT NULL") == [(2,)]
    assert mini.sql("SELECT count(*) FROM alias WHERE entity = 'vehicle'") == [(2,)]
    assert mini.sql("SELECT count(*) FROM search_entry WHERE kind = 'vehicle'") == [(2,)]


def test_names_that_disagree_are_not_guessed(mini: Mini) -> None:
    masters(mini).put("agenda", {"id": "1", "start": day(0), "vin": CAR["vin"], "plate": CAR2["plate"], "unit": "GOL"},
                      {"id": "2", "start": day(0), "chassis": "0000001", "plate": CAR2["plate"], "unit": "GOL"}).run()  # fmt: skip
    assert mini.sql("SELECT vehicle_id FROM appointment") == [(None,), (None,)]
    assert mini.sql("SELECT count(*) FROM vehicle") == [(2,)]


def test_a_new_plate_of_a_known_vin(mini: Mini) -> None:
    masters(mini).put("agenda", {"id": "1", "start": day(0), "vin": CAR["vin"], "plate": "AF999ZZ"}).run()
    assert mini.sql("SELECT v.source_key FROM appointment a JOIN vehicle v ON v.id = a.vehicle_id") == [("V1",)]
    mini.put("vehicles", {**CAR, "plate": "AF999ZZ"}, CAR2).put(
        "agenda", {"id": "1", "start": day(0), "plate": "AA123BB"}
    )
    mini.run()


def test_old_rows_by_plate_stay_when_the_plate_changes(mini: Mini) -> None:
    masters(mini).put("orders", {"id": "O1", "opened": day(-5), "plate": "AA123BB"}).run()
    mini.put("vehicles", {**CAR, "plate": "AF999ZZ"}, CAR2).run()
    assert mini.sql("SELECT v.source_key FROM repair_order o JOIN vehicle v ON v.id = o.vehicle_id") == [("V1",)]


def test_merged_customer_and_back(mini: Mini) -> None:
    masters(mini).put("agenda", turno("1", day(1)), turno("2", day(2), customer="C2")).run()
    mini.act("INSERT INTO note (at, customer_id, text) SELECT 1, id, 'hola' FROM customer WHERE source_key = 'C1'")
    mini.act("INSERT INTO block (customer_id, scope, at) SELECT id, 'offer', 1 FROM customer WHERE source_key = 'C1'")
    ids = dict(mini.sql("SELECT source_key, id FROM customer"))
    mini.put("customers", {**WHO, "merged": "C2"}, WHO2).run()
    for table in ("appointment", "note", "block"):
        assert {r[0] for r in mini.sql(f"SELECT customer_id FROM {table}")} == {ids["C2"]}, table
    assert mini.sql("SELECT owner_id FROM vehicle") == [(ids["C2"],)] * 2
    mini.put("agenda", turno("1", day(1)), turno("2", day(2), customer="C2"), turno("3", day(3))).run()
    assert {r[0] for r in mini.sql("SELECT customer_id FROM appointment")} == {ids["C2"]}
    mini.put("customers", WHO, WHO2).run()
    assert dict(mini.sql("SELECT source_key, customer_id FROM appointment")) == {
        "1": ids["C1"],
        "2": ids["C2"],
        "3": ids["C1"],
    }
    assert mini.sql("SELECT customer_id FROM note") == [(ids["C1"],)]
    assert mini.sql("SELECT customer_id FROM block") == [(ids["C1"],)]
    assert sorted(r[0] for r in mini.sql("SELECT owner_id FROM vehicle")) == sorted(ids.values())


def test_merge_chains_and_circles(mini: Mini) -> None:
    chain = [{"id": f"C{n}", "name": f"N{n}", "merged": f"C{n + 1}"} for n in range(3)]
    mini.put("customers", *chain, {"id": "C3", "name": "N3"}, {"id": "X", "merged": "Y"}, {"id": "Y", "merged": "X"})
    mini.put("agenda", *(turno(str(n), day(n), customer=f"C{n}") for n in range(4))).run()
    assert len(mini.sql("SELECT DISTINCT customer_id FROM appointment")) == 1
    mini.put("customers", *chain, {"id": "C3", "name": "N3", "merged": "C4"}, {"id": "C4", "name": "N4"}).run()
    assert mini.sql("SELECT DISTINCT c.source_key FROM appointment a JOIN customer c ON c.id = a.customer_id") == [
        ("C4",)
    ]


def test_owner_changes_flag_the_old_owners_work(mini: Mini) -> None:
    masters(mini).run()
    mini.act(
        "INSERT INTO opportunity (branch_id, vehicle_id, customer_id, origin, state, due_day, about, created_at, created_day) "
        "SELECT 1, id, owner_id, 'customer', 'open', 739950, 'x', 1, 1 FROM vehicle"
    )
    mini.act("UPDATE vehicle SET relation_ended_at = 1, relation_ended_owner_id = owner_id WHERE source_key = 'V1'")
    mini.at(1).put("vehicles", {**CAR, "owner": "C2"}, CAR2).run()
    assert mini.sql("SELECT flag FROM opportunity ORDER BY id") == [("owner_changed",), (None,)]
    rows = mini.sql(
        "SELECT c.source_key, o.since, o.until FROM vehicle_owner o JOIN customer c ON c.id = o.customer_id JOIN vehicle v "
        "ON v.id = o.vehicle_id WHERE v.source_key = 'V1' ORDER BY o.id"
    )
    assert rows == [("C1", None, 739945), ("C2", 739945, None)]
    assert mini.sql("SELECT relation_ended_at FROM vehicle WHERE source_key = 'V1'") == [(None,)]


def test_persons_join_and_part(mini: Mini) -> None:
    mini.put("customers", {"id": "A", "name": "A", "phone": "351 155111111"}, {"id": "B", "name": "B", "phone": "0351 15 5111111", "doc": "20123456"},
             {"id": "C", "name": "C", "doc": "20.123.456"}, {"id": "D", "name": "D"}).run()  # fmt: skip
    ids = dict(mini.sql("SELECT source_key, person_id FROM customer"))
    assert ids["A"] == ids["B"] == ids["C"] != ids["D"]
    mini.put("customers", {"id": "A", "name": "A", "phone": "351 155111111"}, {"id": "B", "name": "B"},
             {"id": "C", "name": "C", "doc": "20.123.456"}, {"id": "D", "name": "D", "phone": "+54 9 351 5111111"}).run()  # fmt: skip
    ids = dict(mini.sql("SELECT source_key, person_id FROM customer"))
    assert ids["A"] == ids["D"]
    assert len({ids["A"], ids["B"], ids["C"]}) == 3


def test_agents_marks_on_phones_survive(mini: Mini) -> None:
    mini.put("customers", {"id": "A", "name": "A", "phone": "351 155111111", "phone2": "0351 4222222"}).run()
    mini.act("UPDATE customer_phone SET wrong_at = 1, wrong_by = 1 WHERE last10 = '3515111111'")
    mini.act(
        "INSERT INTO customer_phone (customer_id, raw, last10, kind, origin, position, present) SELECT id, '351 155777777', '3515777777', 'mobile', 'agent', 0, true FROM customer"
    )
    mini.put("customers", {"id": "A", "name": "A bis", "phone": "351 15-511-1111"}).run()
    rows = mini.sql("SELECT last10, present, wrong_at IS NOT NULL, origin FROM customer_phone ORDER BY last10")
    assert [(n, bool(p), bool(w), o) for n, p, w, o in rows] == [
        ("3514222222", False, False, "dms"), ("3515111111", True, True, "dms"), ("3515777777", True, False, "agent"),
    ]  # fmt: skip


def test_missing_is_not_empty(tmp_path: Path, url: str | None) -> None:
    mini = Mini(tmp_path, url)
    mini.put("customers", WHO).run()
    mini.act("UPDATE customer SET email = 'x@y.com'")  # a column that the mapping does not name
    mini.put("customers", {**WHO, "name": "Otro", "doc": ""}).run()
    assert mini.sql("SELECT display_name, doc_number, doc_digits, email FROM customer") == [
        ("Otro", None, None, "x@y.com")
    ]
    mini.house.close()


def test_two_sources_share_their_vehicles(tmp_path: Path, url: str | None) -> None:
    workshop = TOML.replace("source.mini", "source.taller").replace('path = "in"', 'path = "in2"')
    start = workshop.index("[source.taller.entity.repair_order]")
    toml = TOML + workshop[: workshop.index("[source.taller.entity.customer]")] + workshop[start:]
    mini = Mini(tmp_path, url, toml)
    (tmp_path / "in2").mkdir()
    masters(mini).put("agenda", turno("1", day(0))).run()
    mini.inbox = tmp_path / "in2"
    mini.put("orders", {"id": "O1", "opened": day(0), "vin": CAR["vin"]})
    from tests.dms import house

    house.sync(mini.house, mini.toml)
    assert mini.keys("appointments/not_arrived") == []
    assert mini.sql("SELECT count(*) FROM vehicle") == [(2,)]
    mini.house.close()


def test_a_row_tells_whose_the_car_is(tmp_path: Path, url: str | None) -> None:
    """``vehicle.owner_key`` by dotted fields: the owner is a stub until the master tells of him; the master's own row wins."""
    toml = TOML.replace('contact_name = "contact"\n', 'contact_name = "contact"\nvehicle.owner_key = "customer"\n', 1)
    mini = Mini(tmp_path, url, toml.replace('customer_key = "customer"\ncontact_name', "contact_name", 1))
    mini.put("agenda", {"id": "1", "start": day(1), "vin": "8APAAAAAAA0000001", "customer": "C9", "contact": "X"}).run()
    owner = "SELECT c.source_key FROM vehicle v JOIN customer c ON c.id = v.owner_id WHERE v.merged_into_id IS NULL"
    assert mini.sql(owner) == [("C9",)]
    mini.put("vehicles", {"id": "V1", "vin": "8APAAAAAAA0000001", "owner": "C1"}).run()
    assert mini.sql(owner) == [("C1",)]
    mini.house.close()
