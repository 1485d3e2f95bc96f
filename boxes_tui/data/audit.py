"""The append-only audit: one hash chain per writer session (QUALITY §2), heads anchored by a sealer."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select

from boxes_tui.data.prepared import Prepared
from boxes_tui.data.session import Session
from boxes_tui.data.tables import act, audit, audit_seal
from boxes_tui.data.types import epoch

_MAKE = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode

GENESIS = "0" * 64

_HEAD = Prepared(
    select(audit.c.seq, audit.c.hash).where(audit.c.chain == bindparam("wanted")).order_by(audit.c.seq.desc()).limit(1)
)
_APPEND = Prepared(insert(audit), [c.name for c in audit.c if c.name != "id"])


def append_audit(
    conn: Connection,
    session: Session,
    verb: str,
    subject: str | None,
    subject_id: int | None,
    act_id: int | None,
    detail: dict[str, Any] | None = None,
    *,
    branch_id: int | None = None,
) -> None:
    """Add the row of an act to the session's chain; ``detail`` holds codes, never personal values."""
    head = _HEAD.tuples(conn, {"wanted": session.chain})
    seq, prev = (head[0][0] + 1, head[0][1]) if head else (1, GENESIS)
    at = epoch(session.now)
    values: dict[str, Any] = {
        "chain": session.chain, "seq": seq, "prev": prev, "at": at, "user_id": session.user_id,
        "branch_id": branch_id, "verb": verb, "subject": subject, "subject_id": subject_id, "act_id": act_id,
        "detail": detail or {},
    }  # fmt: skip
    _APPEND.run(conn, {**values, "hash": digest(values)})


def digest(values: dict[str, Any]) -> str:
    """The hash of an entry over all its fields and the hash before it."""
    names = (
        "chain",
        "seq",
        "prev",
        "at",
        "user_id",
        "branch_id",
        "verb",
        "subject",
        "subject_id",
        "act_id",
        "detail",
    )
    return hashlib.sha256(_MAKE([values[n] for n in names]).encode()).hexdigest()


_WITHOUT_ENTRY = select(select(act.c.id).except_(select(audit.c.act_id)).subquery()).limit(1)

SEAL_SECONDS = 3600
"""How often the sync anchors the heads (QUALITY §2)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of a verification: ``first_bad`` is the audit id where a chain breaks; ``unsealed`` entries lie after
    the last seal of their chain, so that cutting them off would not be seen."""

    ok: bool
    entries: int
    first_bad: int | None
    unsealed: int


def verify(conn: Connection) -> Verdict:
    """Recompute every chain, hold the heads against the seals and the acts against their entries (RELIABILITY S7).

    ``first_bad`` is 0 where an entry is gone: there is no row to name.
    """
    heads: dict[str, tuple[int, str]] = {}
    hashes_at: dict[tuple[str, int], str] = {}
    seals = {
        (s.chain, s.seq): s.hash for s in conn.execute(select(audit_seal.c.chain, audit_seal.c.seq, audit_seal.c.hash))
    }
    first_bad: int | None = None
    unnamed = conn.execute(_WITHOUT_ENTRY).scalar() is not None  # an act whose entry is gone
    entries = 0
    by_chain = select(audit).order_by(audit.c.chain, audit.c.seq)
    rows = conn.execute(by_chain.execution_options(stream_results=True))
    for row in rows.mappings():
        entries += 1
        seq, prev = heads.get(row["chain"], (0, GENESIS))
        values = dict(row)
        values["at"] = epoch(row["at"])
        good = row["seq"] == seq + 1 and row["prev"] == prev and row["hash"] == digest(values)
        if not good and first_bad is None:
            first_bad = int(row["id"])
        heads[row["chain"]] = (row["seq"], row["hash"])
        if (row["chain"], row["seq"]) in seals:
            hashes_at[(row["chain"], row["seq"])] = row["hash"]
    gone = unnamed or any(hashes_at.get(place) != sealed for place, sealed in seals.items())
    if gone and first_bad is None:
        first_bad = 0  # an entry is gone, or a sealed one is another
    sealed_seq: dict[str, int] = {}
    for chain, seq in seals:
        sealed_seq[chain] = max(seq, sealed_seq.get(chain, 0))
    unsealed = sum(max(0, seq - sealed_seq.get(chain, 0)) for chain, (seq, _) in heads.items())
    return Verdict(first_bad is None, entries, first_bad, unsealed)


def seal(conn: Connection, at: datetime) -> int:
    """Anchor the head of every chain that grew since its last seal; returns how many."""
    last = dict(
        conn.execute(select(audit_seal.c.chain, func.max(audit_seal.c.seq)).group_by(audit_seal.c.chain)).tuples().all()
    )
    top = conn.execute(select(audit.c.chain, func.max(audit.c.seq)).group_by(audit.c.chain)).tuples().all()
    count = 0
    for chain, seq in top:
        if seq <= last.get(chain, 0):
            continue
        value = conn.execute(select(audit.c.hash).where(audit.c.chain == chain, audit.c.seq == seq)).scalar_one()
        conn.execute(insert(audit_seal).values(at=at, chain=chain, seq=seq, hash=value))
        count += 1
    return count


def seal_hourly(conn: Connection, at: datetime) -> int:
    """:func:`seal` where the newest seal is an hour old; ``at`` is the machine's instant."""
    last = conn.execute(select(audit_seal.c.at).order_by(audit_seal.c.id.desc()).limit(1)).scalar()
    return seal(conn, at) if last is None or (at - last).total_seconds() >= SEAL_SECONDS else 0
