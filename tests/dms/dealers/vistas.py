"""*Vistas*: SQL views of a server (PostgreSQL, MariaDB) with typed columns, read anew at every run."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from pathlib import Path

from sqlalchemy import Engine, create_engine, text

from tests.dms.dealer import Dealer
from tests.dms.dealers.files import names

TOML = """
[source.vistas]
kind = "sql"
url = "{url}"
timezone = "America/Argentina/Buenos_Aires"
branch = "CBA"
mode = "snapshot"

[source.vistas.entity.customer]
select = "SELECT id, name, doc, mobile FROM people"
key = ["id"]
map.display_name = "name"
map.doc_number = "doc"
map.phones = [{{ from = "mobile", kind = "mobile" }}]

[source.vistas.entity.vehicle]
select = "SELECT * FROM cars"
key = ["n"]
map.vin = "vin"
map.plate = "plate"
map.owner_key = "owner"

[source.vistas.entity.delivery]
select = "SELECT * FROM sales"
key = ["id"]
map.delivered_at = {{ from = ["sold_day", "sold_hour"] }}
map.vehicle_key = "car"
map.branch = "branch"
map.status = {{ from = "annulled", values = {{ "0" = "delivered", "1" = "annulled" }} }}

[source.vistas.entity.appointment]
select = "SELECT * FROM agenda WHERE start_at BETWEEN :from AND :to"
mode = "window"
window_days = [-10, 60]
key = ["branch", "number"]
map.starts_at = "start_at"
map.plate = "plate"
map.chassis = "chassis"
map.customer_key = "owner"
map.branch = "branch"
map.status = {{ from = "state", values = {{ P = "scheduled", X = "cancelled" }} }}

[source.vistas.entity.repair_order]
select = "SELECT * FROM orders WHERE changed_at IS NULL OR changed_at >= :since"
mode = "delta"
key = ["branch", "number"]
map.number = "number"
map.opened_at = "opened"
map.delivered_at = "delivered"
map.vehicle_key = "car"
map.branch = "branch"
map.total = "total"
map.status = {{ from = "state", values = {{ AB = "open", EP = "in_progress", ES = "on_hold", TE = "finished", EN = "delivered", AN = "voided", PR = "estimate" }} }}
"""

REJECTED = {"appointment": 1}
CODES = ["E-KEY"]
_TABLES = (
    "people (id CHAR(8), name VARCHAR(80), doc VARCHAR(20), mobile VARCHAR(30))",
    "cars (n NUMERIC(10, 0), vin VARCHAR(17), plate VARCHAR(8), model VARCHAR(30), owner CHAR(8))",
    "sales (id VARCHAR(10), sold_day DATE, sold_hour TIME, car NUMERIC(10, 0), branch VARCHAR(8), annulled BOOLEAN)",
    "agenda (branch VARCHAR(8), number INTEGER, start_at TIMESTAMP NULL, plate VARCHAR(8), chassis VARCHAR(17), owner CHAR(8), state CHAR(3))",
    "orders (branch VARCHAR(8), number INTEGER, opened {stamp}, delivered {stamp}, car NUMERIC(10, 0), total NUMERIC(12, 2), "
    "state CHAR(2), changed_at TIMESTAMP NULL)",
)  # fmt: skip
_HOME = timezone(timedelta(hours=-3))


def write(folder: Path, d: Dealer, gone: set[str], url: str) -> Path:
    """Fill the tables of the database at ``url`` anew; one order in two has a NULL cursor."""
    engine = create_engine(url)
    zoned = engine.dialect.name == "postgresql"
    with engine.begin() as conn:
        for table in _TABLES:
            conn.execute(text(f"DROP TABLE IF EXISTS {table.partition(' ')[0]}"))
            conn.execute(text("CREATE TABLE " + table.format(stamp="TIMESTAMPTZ" if zoned else "DATETIME")))
    _fill(engine, d, gone, zoned)
    engine.dispose()
    toml = folder / "source.toml"
    toml.write_text(TOML.format(url=url), encoding="utf-8")
    return toml


def _fill(engine: Engine, d: Dealer, gone: set[str], zoned: bool) -> None:
    place = {car.vin: n for n, car in enumerate(d.cars)}
    rows: dict[str, list[dict[str, object]]] = {
        "people": [{"a": p.key, "b": p.name, "c": p.doc, "d": p.mobile} for p in d.people],
        "cars": [{"a": n, "b": c.vin, "c": c.plate, "d": c.model, "e": c.owner.key} for n, c in enumerate(d.cars)],
        "sales": [{"a": s.key, "b": s.at.date(), "c": s.at.time(), "d": place[s.car.vin], "e": s.branch, "f": s.annulled}
                  for s in d.sales],
        "agenda": [{"a": t.branch, "b": t.number, "c": t.start, "d": names(t)[0] or None, "e": names(t)[1] or None,
                    "f": t.car.owner.key, "g": t.state} for t in d.turnos if t.key not in gone],
        "orders": [
            {"a": o.branch, "b": o.number, "c": o.opened.replace(tzinfo=_HOME) if zoned else o.opened,
             "d": (o.delivered.replace(tzinfo=_HOME).astimezone(UTC) if zoned else o.delivered) if o.delivered else None,
             "e": place[o.car.vin], "f": 1234.5, "g": o.state, "h": None if o.number % 2 else o.opened} for o in d.orders
        ],
    }  # fmt: skip
    rows["agenda"].append({**rows["agenda"][0], "b": None})
    with engine.begin() as conn:
        for table, made in rows.items():
            marks = ", ".join(f":{name}" for name in made[0])
            conn.execute(text(f"INSERT INTO {table} VALUES ({marks})"), made)
