"""What the campaign wizard says: the report of a list (step 1) and the dry run (step 3), as lines of a page."""

from __future__ import annotations

from itertools import groupby

from boxes_tui.desk.campaign_match import ENTER, Match
from boxes_tui.desk.campaign_plan import Plan
from boxes_tui.desk.campaigns import why_text
from boxes_tui.domain.formats import number, short_day
from boxes_tui.i18n import N_, _, ngettext
from boxes_tui.text import pad
from boxes_tui.widgets.safe import Line

GROUPS = {
    "exact": N_("exactas"), "suffix": N_("por sufijo"), "ambiguous": N_("ambiguas"), "unknown": N_("desconocidas"),
    "duplicate": N_("repetidas"), "open": N_("ya abiertas"), "blocked": N_("bloqueadas"),
}  # fmt: skip
ROWS = (("exact", "suffix", "ambiguous"), ("unknown", "duplicate", "open"), ("blocked",))
"""The groups as they stand in lines of the report: ``Enter`` on a line shows those of its groups."""
OUT = ("ambiguous", "unknown", "duplicate")

PageLines = tuple[list[Line], list[str | None]]


def report(match: Match, found: int, width: int) -> PageLines:
    """Every line in exactly one group; a group is choosable and opens its lines."""
    n = len(match.lines)
    title = " " + _("INFORME DE LA LISTA")
    right = ngettext("{n} línea", "{n} líneas", n).format(n=number(n))
    lines: list[Line] = [[(title, "acento"), " " * max(1, width - len(title) - len(right) - 1) + right]]
    keys: list[str | None] = [None]
    for row in ROWS:
        cells = [pad(_(GROUPS[g]), 13) + f"{number(match.counts[g]):>8}" for g in row]
        note = _("(No llamar: en nota técnica y recall entra igual)") if row == ROWS[-1] else ""
        lines.append("   " + "     ".join([*cells, *([note] if note else [])]))
        keys.append(",".join(row))
    whole = pad(_("Total"), 13) + f"{number(n):>8}     " + _("cada línea está en un grupo y en uno solo")
    lines += ["   " + whole, ""]
    keys += [None, None]
    into = " + ".join(f"{number(match.counts[g])} {_(GROUPS[g])}" for g in ENTER if match.counts[g])
    out = " + ".join(f"{number(match.counts[g])} {_(GROUPS[g])}" for g in OUT if match.counts[g])
    entering = len(match.units)
    filtered = " " + _("por los filtros, de {n}").format(n=number(entering)) if found < entering else ""
    said = [_("Al paso 2: {n}").format(n=number(found)) + filtered + (f" = {into}" if into else "")]
    left = sum(match.counts[g] for g in OUT)
    said += [_("Quedan afuera: {n}").format(n=number(left)) + (f" = {out}" if out else "")]
    lines += [" " + text for text in said]
    keys += [None] * len(said)
    return lines, keys


def segment_report(found: int) -> PageLines:
    """Without a list: how many units the filters find."""
    return [" " + _("Al paso 2: {n} unidades").format(n=number(found)) + " " + _("por los filtros")], [None]


def group_lines(match: Match, groups: str) -> list[str]:
    """The lines of some groups (joined by commas): number, text, and what to look at; the group first where several are
    told."""
    made = []
    several_groups = "," in groups
    for group in groups.split(","):
        lead = f"{_(GROUPS[group])}: " if several_groups else ""
        for line in match.lines:
            if line.match == group:
                tail = _(" ¿{vin}?").format(vin=line.suggestion) if line.suggestion else ""
                several = _("  {n} unidades").format(n=len(line.vehicles)) if len(line.vehicles) > 1 else ""
                made.append(f"{line.line:>5}  {lead}{line.text}{tail}{several}")
    return made


def dry_run(plan: Plan, names: dict[str, str]) -> list[Line]:
    """The dry run: what processing would do now."""
    agents = " · ".join(f"{names.get(login, login)} {number(n)}" for login, n in plan.per_agent.items())
    lines: list[Line] = [
        [(" " + _("ENSAYO: todavía no se grabó nada"), "hoy")],
        f"   {number(plan.new):>5} " + pad(_("oportunidades nuevas"), 24) + (agents or _("sin asignar")),
        f"   {number(plan.joined):>5} " + pad(_("se suman a una abierta"), 24)
        + _("una llamada sirve a las dos campañas"),
        f"   {number(plan.left_out):>5} " + pad(_("no pueden entrar"), 24) + left_out(plan),
        f"   {number(plan.chosen):>5} " + _("elegidas"),
        "",
    ]  # fmt: skip
    if plan.days:
        lines += [" " + text for text in spread(plan)]
    lines += ["", " " + _("Mientras no se trabaje ninguna unidad, la campaña entera se puede deshacer."), ""]
    return lines


def left_out(plan: Plan) -> str:
    """*Está en la lista No Llame 60 · No llamar más 3*."""
    found = sorted(plan.blocked.items(), key=lambda item: (-item[1], item[0]))
    return " · ".join(f"{why_text(why)} {number(n)}" for why, n in found)


def spread(plan: Plan) -> list[str]:
    """*12 días con 40 y uno con 9*, the first and the last day, and the holidays left out."""
    parts = [(n, len(list(days))) for n, days in groupby(plan.days, key=lambda item: item[1])]
    said = ", ".join(ngettext("{d} día con {n}", "{d} días con {n}", d).format(d=d, n=number(n)) for n, d in parts)
    first, last = plan.days[0][0], plan.days[-1][0]
    second = _("Primer día {day}").format(day=short_day(first))
    if last != first:
        second += " · " + _("último {day}").format(day=short_day(last))
    if plan.holidays:
        second += " · " + _("se saltea {days}").format(days=", ".join(short_day(d)[:9] for d in plan.holidays[:3]))
    return [_("Reparto de {n}: {days}").format(n=number(plan.new), days=said), second]
