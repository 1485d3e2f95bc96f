"""Founding the demo: users, branches, three reads of the DMS, and the weeks of work that its agents have done."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert, select, text

from boxes_tui.bootstrap import House, open_house
from boxes_tui.clock import Clock, clock_from_env
from boxes_tui.config import Settings
from boxes_tui.data.commands import Command, execute
from boxes_tui.data.engine import make_engine, parse_url, set_scope, sqlite_path, writing
from boxes_tui.data.schema import state
from boxes_tui.data.session import Session, open_session
from boxes_tui.data.tables import app_user, branch, opportunity, setting, user_branch, vehicle
from boxes_tui.dms.demo import desk_history, export, live
from boxes_tui.dms.demo.desk_history import PlannedAct
from boxes_tui.dms.lock import source_lock
from boxes_tui.dms.mapping import load_sources
from boxes_tui.dms.runs import Options, run_source
from boxes_tui.domain.queues import REF_SUBJECTS
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import _

BRANCHES = {
    "CBA": ("Casa Central", "351", "Av. Colón 1234, Córdoba", "351 400-1000"),
    "ROS": ("Rosario", "341", "Bv. Oroño 800, Rosario", "341 420-2000"),
}
CONFIG = 'include = ["demo/demo.toml"]\n'


def prepare(settings: Settings, seed: int, scale: float, *, say: Callable[[str], None]) -> dict[str, int]:
    """Make the demo of ``settings.home`` ready; one that is there already is left as it is."""
    clock = clock_from_env()
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = settings.home / "demo"
    if not (folder / live.FILE).exists():
        _refuse_others(settings)
    elif _is_ready(settings):
        return {"acts": 0}
    else:
        _start_over(settings, folder)
    demo = live.found(folder, clock.now(), seed, scale)
    config = settings.home / "config.toml"
    if not config.exists():
        config.touch(mode=0o600)
        config.write_text(CONFIG, encoding="utf-8")
    house = open_house(settings, Clock(demo.opening()[0]), statement_ms=600_000)
    say(_("Se arma la concesionaria: el DMS de prueba escribe sus archivos…"))
    world = live.Live(demo)
    spec = load_sources(demo.mapping)["demo"]
    for moment in demo.opening():
        world.tick(moment)
        run_source(house.engine, Clock(moment), spec, Options(), source_lock)
    _settle(house.engine, demo.anchor)
    say(_("…y sus agentes trabajan unas semanas."))
    count = _work(house, demo.anchor, desk_history.plan(world.world))
    export.write(world.world, demo.drop, demo.anchor)  # the DMS once more, so that what was sold is held against it
    run_source(house.engine, Clock(demo.anchor), spec, Options(), source_lock)
    with writing(house.engine) as conn:
        conn.execute(insert(setting).values(name="demo_ready", value="1"))
    house.close()
    return {"acts": count}


def _refuse_others(settings: Settings) -> None:
    """The demo never goes into a database that is somebody's."""
    path = sqlite_path(parse_url(settings.database_url))
    if path is not None and not path.exists():
        return
    engine = make_engine(parse_url(settings.database_url))
    try:
        if state(engine)[0] != "empty":
            raise BoxesError(
                _("La base ya tiene datos que no son de la demostración; no se tocó nada. Probar con --home.")
            )
    finally:
        engine.dispose()


def _is_ready(settings: Settings) -> bool:
    house = open_house(settings)
    try:
        with house.engine.connect() as conn:
            return conn.execute(select(setting.c.value).where(setting.c.name == "demo_ready")).scalar() is not None
    finally:
        house.close()


def _start_over(settings: Settings, folder: Path) -> None:
    """Take away a demo whose making was interrupted; its database too where it is a file beside it."""
    path = sqlite_path(parse_url(settings.database_url))
    if path is not None and path.is_relative_to(settings.home):
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    shutil.rmtree(folder)


def _settle(engine: Engine, anchor: datetime) -> None:
    """Branches with names and addresses, the users, the day of go-live."""
    with writing(engine) as conn:
        set_scope(conn, None)
        for code, (name, area, address, phone) in BRANCHES.items():
            conn.execute(
                branch.update()
                .where(branch.c.code == code)
                .values(name=name, area_code=area, address=address, phone=phone, email="turnos@casacentral.test",
                        workshop_hours="8 a 18")
            )  # fmt: skip
        ids = {code: i for i, code in conn.execute(select(branch.c.id, branch.c.code))}
        known = set(conn.execute(select(app_user.c.login)).scalars())
        for agent in desk_history.AGENTS:
            if agent.login in known:  # whoever runs the demo has the name of one of its agents, and stays its admin
                continue
            made = conn.execute(
                insert(app_user)
                .values(login=agent.login, name=agent.name, role=agent.role, shift="ready", created_at=anchor)
                .returning(app_user.c.id)
            ).scalar_one()
            for code in agent.branches:
                if code in ids:
                    conn.execute(insert(user_branch).values(user_id=made, branch_id=ids[code]))
        day = str(desk_history.go_live(anchor).toordinal())
        conn.execute(setting.update().where(setting.c.name == "go_live").values(value=day))


def _work(house: House, anchor: datetime, acts: list[PlannedAct]) -> int:
    """Execute the plan; a refused act is passed over (the DMS has gone on meanwhile)."""
    sessions: dict[str, Session] = {}
    with house.engine.connect() as conn:
        for agent in desk_history.AGENTS:
            sessions[agent.login] = open_session(conn, Clock(anchor), agent.login)
    count = 0
    for act in acts:
        session = sessions.get(act.agent)
        if session is None:
            continue
        session = replace(session, clock=Clock(act.at), chain=session.chain)
        try:
            command = _command(house.engine, act)
            if command is not None:
                execute(house.engine, session, command)
                count += 1
        except BoxesError as error:
            if os.environ.get("BOXES_DEMO_TRACE"):
                print(act.kind, act.queue, act.row, error)
            continue
    return count


def _command(engine: Engine, act: PlannedAct) -> Command | None:
    from boxes_tui.desk.appointments import Confirm
    from boxes_tui.desk.calls import LogCall
    from boxes_tui.desk.opportunities import CreateOpportunity, Discard, Reschedule, Sell
    from boxes_tui.desk.orders import Deliver
    from boxes_tui.desk.shifts import Shift

    if act.kind == "campaign":
        return _campaign(engine, act)
    if act.kind == "shift":
        return Shift(act.shift)
    ref = _ref(engine, act)
    if ref is None:
        return None
    due = _due(act.due)
    note = act.note or None
    made: dict[str, Callable[[], Command]] = {
        "call": lambda: LogCall(
            ref, act.disposition, note, at=act.sold_at or (act.due if isinstance(act.due, datetime) else None), due=due,
            reason=act.reason or None, score=act.score, mine=act.mine, about=act.about or None,
            opened_at=act.at - timedelta(seconds=70 + 9 * (act.at.minute % 30)),
        ),
        "opportunity": lambda: CreateOpportunity(ref, due, act.about, None if not act.mine else act.agent),
        "discard": lambda: Discard(ref, act.reason, note),
        "reschedule": lambda: Reschedule(ref, due),
        "sell": lambda: Sell(ref, act.sold_at),
        "confirm": lambda: Confirm(ref, note),
        "deliver": lambda: Deliver(ref),
    }  # fmt: skip
    return made[act.kind]()


def _due(value: date | datetime | None) -> Any:
    return value.isoformat() if value is not None else None


def _campaign(engine: Engine, act: PlannedAct) -> Command | None:
    from boxes_tui.desk.campaigns import campaign_from_lines

    assert act.plan is not None
    plan = act.plan
    return campaign_from_lines(engine, plan.name, plan.type, list(plan.chassis), due=plan.due, agents=plan.agents)


def _ref(engine: Engine, act: PlannedAct) -> str | None:
    """The ref of the row that a planned act means."""
    with engine.connect() as conn:
        set_scope(conn, None)
        if act.queue in ("opportunities", "campaign_opportunities"):
            unit = conn.execute(select(vehicle.c.id).where(vehicle.c.source_key == act.row)).scalar()
            query = select(opportunity.c.id).where(opportunity.c.vehicle_id == unit, opportunity.c.state == "open")
            if act.queue == "campaign_opportunities":
                query = query.where(opportunity.c.origin == "campaign")
            elif act.origin:
                query = query.where(opportunity.c.origin == act.origin)
            found = conn.execute(query.order_by(opportunity.c.id).limit(1)).scalar()
            return f"opportunities:{found}" if found is not None else None
        table = REF_SUBJECTS[act.queue]
        found = conn.execute(text(f"SELECT id FROM {table} WHERE source_key = :k"), {"k": act.row}).scalar()
        return f"{act.queue}:{found}" if found is not None else None
