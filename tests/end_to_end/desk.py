"""What the database of a home holds, as a test asks it, beside the running app."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, select

from boxes_tui.clock import Clock
from boxes_tui.data.engine import make_engine, parse_url
from boxes_tui.data.reads.queues import Ask, QueueRow, rows
from boxes_tui.data.session import Session, open_session
from boxes_tui.data.tables import act, audit, call
from boxes_tui.domain.queues import QUEUES
from tests.end_to_end.terminal import NOW


class Database:
    """Reads of a home's SQLite file; nothing is kept open between two of them."""

    def __init__(self, home: Path) -> None:
        self.engine = make_engine(parse_url(f"sqlite:///{home / 'boxes.db'}"))
        self.clock = Clock(datetime.fromisoformat(NOW))

    def session(self, user: str = "ana") -> Session:
        """The session of somebody."""
        with self.engine.connect() as conn:
            return open_session(conn, self.clock, user, f"look-{user}")

    def queue(self, name: str, flt: str | None = None, user: str = "ana") -> list[QueueRow]:
        """Rows of a queue, in order."""
        session = self.session(user)
        with self.engine.connect() as conn:
            return rows(conn, session, Ask(name, flt or QUEUES[name].default))

    def refs(self, name: str, flt: str | None = None, user: str = "ana") -> list[str]:
        """Refs of a queue's rows."""
        return [r.ref for r in self.queue(name, flt, user)]

    def all(self, table: Table, *where: Any) -> list[dict[str, Any]]:
        """Rows of a table."""
        with self.engine.connect() as conn:
            query = select(table).where(*where)
            if "id" in table.c:
                query = query.order_by(table.c.id)
            return [dict(r) for r in conn.execute(query).mappings()]

    def one(self, table: Table, row_id: int) -> dict[str, Any]:
        """A row by its id."""
        (found,) = self.all(table, table.c.id == row_id)
        return found

    def count(self, table: Table) -> int:
        """How many rows."""
        with self.engine.connect() as conn:
            return int(conn.execute(select(func.count()).select_from(table)).scalar_one())

    def acts(self, since: int = 0) -> list[str]:
        """Verbs of the acts after the first ``since``, each of them with its audit row."""
        made = self.all(act)[since:]
        audited = {r["act_id"] for r in self.all(audit)}
        assert all(a["id"] in audited for a in made), "an act without an audit row"
        return [str(a["verb"]) for a in made]

    def count_acts(self) -> int:
        """How many acts there are."""
        return self.count(act)

    def last_call(self) -> dict[str, Any]:
        """The newest call."""
        return self.all(call)[-1]

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()


def ids(refs: Sequence[str]) -> list[int]:
    """The numbers of refs."""
    return [int(r.split(":")[1]) for r in refs]
