"""One staged read into its table: compare by hash, insert, update named DMS columns (DMS.md §4, §6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from boxes_tui.dms import months
from boxes_tui.dms.context import WRITTEN, Context, Counts
from boxes_tui.dms.ground import KINDS, day_sql, touch, touched
from boxes_tui.dms.resolve import Link
from boxes_tui.dms.shape import CHILDREN, DAY_COLUMN, OWN_DATE
from boxes_tui.dms.stage import Staged


def compare(conn: Connection, ctx: Context, staged: Staged, counts: Counts) -> None:
    """Say of every kept row whether it is new, changed, the same, stale or revived (``boxes_stage.state``)."""
    t = staged.shape.table.name
    known = conn.execute(
        text(f"SELECT 1 FROM {t} WHERE source_id = :s AND source_key IS NOT NULL LIMIT 1"), {"s": ctx.source_id}
    ).scalar()
    staged.first = known is None
    if known is not None:
        conn.execute(
            text(
                f"UPDATE boxes_stage AS s SET row_id = t.id, state = {_state(staged, t)} FROM boxes_stage k "
                f"CROSS JOIN {t} t WHERE k.rn = s.rn AND k.st = 'k' AND t.source_id = :source AND t.source_key = k.key"
            ),
            {"source": ctx.source_id},
        )
    query = "SELECT state, count(*) FROM boxes_stage WHERE st = 'k' GROUP BY state"
    tally = {str(state): int(n) for state, n in conn.execute(text(query))}
    counts.inserted += tally.get("new", 0) + tally.get("stub", 0)
    counts.updated += tally.get("changed", 0) + tally.get("revived", 0)
    counts.unchanged += tally.get("same", 0)
    counts.stale += tally.get("stale", 0) + staged.stale
    counts.revived += tally.get("revived", 0)
    counts.duplicates += staged.duplicates


def _state(staged: Staged, t: str) -> str:
    cases = ["WHEN t.is_stub THEN 'stub'"]
    if t == "customer":
        cases.insert(0, "WHEN t.erased_at IS NOT NULL THEN 'same'")  # an erased person never comes back
    if "source_updated_at" in staged.shape.fields:
        cases.append("WHEN s.source_updated_at < t.source_updated_at THEN 'stale'")
    gone = "t.gone_at IS NOT NULL" + (" OR t.vanished_at IS NOT NULL" if t == "appointment" else "")
    cases += [f"WHEN {gone} THEN 'revived'", "WHEN t.row_hash = s.hash THEN 'same'"]
    return "CASE " + " ".join(cases) + " ELSE 'changed' END"


def branch_ids(conn: Connection, ctx: Context, staged: Staged, counts: Counts) -> dict[str, int]:
    """Branch codes as staged → branch id; an unknown code makes a branch (``W-BRANCH``)."""
    if "branch_id" not in staged.shape.table.c or not staged.branches:
        return {}
    known = {str(code).casefold(): int(i) for i, code in conn.execute(text("SELECT id, code FROM branch"))}
    found = {}
    for code in sorted(staged.branches):
        if code.casefold() not in known:
            known[code.casefold()] = new_branch(conn, ctx, code)
            counts.warnings["W-BRANCH"] = counts.warnings.get("W-BRANCH", 0) + 1
        found[code] = known[code.casefold()]
    return found


def default_branch(conn: Connection, ctx: Context, code: str | None) -> int:
    """The branch of rows that name none: the source's, else the dealer's first."""
    if code is None:
        return int(conn.execute(text("SELECT id FROM branch ORDER BY id LIMIT 1")).scalar_one())
    found = conn.execute(text("SELECT id FROM branch WHERE lower(code) = lower(:c)"), {"c": code}).scalar()
    return int(found) if found is not None else new_branch(conn, ctx, code)


def new_branch(conn: Connection, ctx: Context, code: str) -> int:
    """A branch known by its code only, in the source's zone."""
    ctx.new_branches.append(code)
    default = conn.execute(text("SELECT id FROM branch WHERE code = 'CENTRAL'")).scalar()
    if default is not None and conn.execute(text("SELECT count(*) FROM branch")).scalar_one() == 1:
        # the branch that every empty database begins with was only waiting for its code
        conn.execute(text("UPDATE branch SET code = :code, zone = :zone WHERE id = :id"),
                     {"code": code, "zone": ctx.zone, "id": default})  # fmt: skip
        return int(default)
    return int(
        conn.execute(
            text("INSERT INTO branch (code, name, zone, active) VALUES (:code, :code, :zone, true) RETURNING id"),
            {"code": code, "zone": ctx.zone},
        ).scalar_one()
    )


def sample(conn: Connection, ctx: Context, staged: Staged) -> None:
    """Up to ten differences for ``--dry-run``: key, field, stored and new value."""
    t = staged.shape.table.name
    for name, column in staged.shape.columns:
        if len(ctx.samples) >= 10:
            return
        rows = conn.execute(
            text(
                f"SELECT s.key, t.{column}, s.{name} FROM boxes_stage s JOIN {t} t ON t.id = s.row_id "
                f"WHERE {WRITTEN} AND s.state <> 'new' AND (t.{column} IS DISTINCT FROM s.{name}) LIMIT :n"
            ),
            {"n": 10 - len(ctx.samples)},
        )
        for key, old, new in rows:
            ctx.samples.append(f"{staged.shape.entity} {key}: {name} «{old}» → «{new}»")


def write(conn: Connection, ctx: Context, staged: Staged, branches: dict[str, int], links: Sequence[Link]) -> None:
    """Insert new rows and update changed ones: named DMS columns and references only, never what agents own."""
    shape = staged.shape
    t = shape.table.name
    params: dict[str, Any] = {"source": ctx.source_id, "run": ctx.run_id, "default_branch": ctx.default_branch_id}
    pairs = [(column, f"s.{name}") for name, column in shape.columns]
    if "branch_id" in shape.table.c:
        pairs.append(("branch_id", _branch_case(branches, params)))
    if "doc_number" in shape.fields:
        pairs.append(("doc_digits", digits_sql("s.doc_number")))
    if t == "vehicle":
        names = [f"s.{n}" for n in ("vin", "chassis") if n in shape.fields]
        pairs.append(("tail_rev", f"reverse(coalesce({', '.join([*names, 'CAST(NULL AS TEXT)'])}))"))
    before = conn.execute(text(f"SELECT coalesce(max(id), 0) FROM {t}")).scalar_one()
    conn.execute(
        text(
            f"INSERT INTO {t} (source_id, source_key, row_hash, first_seen_run, last_changed_run, is_stub, "
            f"{', '.join([*(c for c, _v in pairs), *(k.column for k in links)])}) "
            f"SELECT :source, s.key, s.hash, :run, :run, false, {', '.join([*(v for _c, v in pairs), *(k.new for k in links)])} "
            f"FROM boxes_stage s {' '.join(k.join for k in links)} WHERE s.st = 'k' AND s.state = 'new' ORDER BY s.rn"
        ),
        params,
    )
    if staged.fed or "phones" in shape.fields:
        _new_ids(conn, ctx, t)
    _update(conn, staged, pairs, params, links)
    if t in KINDS:
        touch(conn, t, f"SELECT id FROM {t} WHERE id > :before AND +source_id = :source",
              {"before": before, "source": ctx.source_id})  # fmt: skip
        touch(conn, t, f"SELECT s.row_id AS id FROM boxes_stage s WHERE {WRITTEN} AND s.state <> 'new'")


def local_days(conn: Connection, ctx: Context, entity: str) -> None:
    """The local day of rows whose branch lives in another zone than the source (PRODUCT §3)."""
    day, at = DAY_COLUMN.get(entity), OWN_DATE.get(entity)
    if day is None or at is None:
        return
    if conn.execute(text("SELECT 1 FROM branch WHERE zone <> :zone LIMIT 1"), {"zone": ctx.zone}).scalar() is None:
        return
    t = {"delivery": "sale_delivery"}.get(entity, entity)
    conn.execute(
        text(
            f"UPDATE {t} AS t SET {day} = {day_sql(conn, f't.{at}', 'b.zone')} FROM branch b WHERE b.id = t.branch_id "
            f"AND b.zone <> :zone AND coalesce(t.{at}_precision, 'time') <> 'day' AND t.id IN {touched(t)}"
        ),
        {"zone": ctx.zone},
    )


def _new_ids(conn: Connection, ctx: Context, t: str) -> None:
    conn.execute(
        text(
            f"UPDATE boxes_stage AS s SET row_id = t.id FROM {t} t WHERE s.st = 'k' AND s.state = 'new' "
            "AND t.source_id = :source AND t.source_key = s.key"
        ),
        {"source": ctx.source_id},
    )


def _update(
    conn: Connection, staged: Staged, pairs: list[tuple[str, str]], params: dict[str, Any], links: Sequence[Link]
) -> None:
    t = staged.shape.table.name
    query = f"SELECT 1 FROM boxes_stage s WHERE {WRITTEN} AND s.state <> 'new' LIMIT 1"
    if conn.execute(text(query)).scalar() is None:
        return
    masked = conn.execute(text("SELECT 1 FROM boxes_stage WHERE skipped IS NOT NULL LIMIT 1")).scalar() is not None
    fields = {column: name for name, column in staged.shape.columns}
    sets = [f"{c} = {_masked(v, c, fields.get(c, c)) if masked else v}" for c, v in pairs]
    sets += [f"{k.column} = {k.changed}" for k in links]
    sets += ["row_hash = s.hash", "last_changed_run = :run", "gone_at = NULL", "is_stub = false"]
    if t == "appointment":
        sets.append("vanished_at = NULL")
    where = f"s.row_id = t.id AND {WRITTEN} AND s.state <> 'new'"
    months.mark(conn, t, f"(SELECT s.row_id FROM boxes_stage s WHERE {WRITTEN} AND s.state <> 'new')")
    source = f"boxes_stage s {' '.join(k.join for k in links)}"
    conn.execute(text(f"UPDATE {t} AS t SET {', '.join(sets)} FROM {source} WHERE {where}"), params)


def _masked(value: str, column: str, name: str) -> str:
    """A cell that could not be read leaves the stored value alone (DMS.md §1, §3)."""
    source = {"doc_digits": "doc_number", "branch_id": "branch", "tail_rev": "vin"}.get(name, name)
    return f"CASE WHEN s.skipped IS NOT NULL AND s.skipped LIKE '%,{source},%' THEN t.{column} ELSE {value} END"


def _branch_case(branches: dict[str, int], params: dict[str, Any]) -> str:
    if not branches:
        return "CAST(:default_branch AS BIGINT)"
    cases = []
    for n, (code, branch_id) in enumerate(branches.items()):
        params[f"branch{n}"] = code
        cases.append(f"WHEN :branch{n} THEN {branch_id}")
    return f"CASE s.branch {' '.join(cases)} ELSE CAST(:default_branch AS BIGINT) END"


def digits_sql(value: str) -> str:
    """A document without its separators, NULL when nothing is left: the key of matching."""
    for ch in (" ", ".", "-", "/", "_"):
        value = f"replace({value}, '{ch}', '')"
    return f"nullif({value}, '')"


def number_children(conn: Connection, entity: str) -> None:
    """Lines and incidents without a number take their place in the file, per order (DMS.md §2)."""
    if entity not in CHILDREN:
        return
    column = "line_no" if entity == "repair_order_line" else "seq"
    if conn.execute(text(f"SELECT 1 FROM boxes_stage WHERE {column} IS NULL LIMIT 1")).scalar() is None:
        return
    conn.execute(text(
        f"UPDATE boxes_stage AS s SET {column} = n.place FROM (SELECT rn, row_number() OVER "
        f"(PARTITION BY repair_order_key ORDER BY rn) AS place FROM boxes_stage) n WHERE n.rn = s.rn AND s.{column} IS NULL"
    ))  # fmt: skip


def replace_children(conn: Connection, ctx: Context, staged: Staged) -> int:
    """An order that appears in the file has its lines replaced by it; one that does not keeps them (DMS.md §2)."""
    t = staged.shape.table.name
    done = conn.execute(
        text(
            f"UPDATE {t} SET gone_at = :now, last_changed_run = :run WHERE source_id = :s AND gone_at IS NULL "
            "AND repair_order_key IN (SELECT repair_order_key FROM boxes_stage) "
            f"AND NOT EXISTS (SELECT 1 FROM boxes_stage b WHERE b.key = {t}.source_key)"
        ),
        {"now": ctx.now, "run": ctx.run_id, "s": ctx.source_id},
    )
    return int(done.rowcount)
