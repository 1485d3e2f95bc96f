"""*Mi día* (PRODUCT §4, SCREENS *Mi día*): what is promised, held, sold, waiting on this machine, and my numbers."""

from __future__ import annotations

from typing import Any, ClassVar

from boxes_tui.clock import wall
from boxes_tui.data.reads.details import QueueRow
from boxes_tui.data.reads.my_day import MyDay, my_day
from boxes_tui.domain.formats import clock, long_day, rate, show_day
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import N_, _
from boxes_tui.screens.acts import ActingScreen
from boxes_tui.screens.doors import open_door
from boxes_tui.screens.drafts import Waiting, draft_rows, drafts_of, waiting
from boxes_tui.screens.row_text import STAGES, name
from boxes_tui.text import pad
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.page import Page
from boxes_tui.widgets.safe import Line

MATCHES = {
    "waiting": N_("espera la próxima lectura"), "verified": N_("verificado en el DMS"), "differs": N_("difiere del DMS"),
    "missing": N_("no figura en el DMS"), "credited": N_("acreditado"),
}  # fmt: skip


class MyDayScreen(ActingScreen):
    """The reader's day as one page; ``Enter`` opens the row, ``l`` calls it."""

    place: ClassVar[str] = "my_day"

    def __init__(self) -> None:
        super().__init__()
        self.day: MyDay | None = None
        self.rows: dict[str, QueueRow] = {}
        self.drafts: dict[str, str] = {}
        """The verb that takes a draft up again, by the key of its line."""
        self._kept: list[Waiting] = []
        self._of_line: dict[int, Waiting] = {}
        self.kept: dict[str, Waiting] = {}
        """Drafts and refused acts, by the key of their lines."""
        self.page = Page()
        self.frame: Frame[Any] = Frame(self.page, filters=False, totals=False, details=False)

    async def load(self) -> None:
        """Read the day."""
        self.day = day = await self.background(self.house.read, my_day)
        drafts = drafts_of(self)
        rows = await self.background(self.house.read, draft_rows, drafts) if drafts else {}
        self._kept = waiting(self, drafts, rows)
        self.freshness = day.freshness
        self.show_day()

    def heading(self) -> Line:
        """*MI DÍA · martes 24/11/2026*."""
        title = _("Mi día").upper()
        return f"{title} · {long_day(self.at.today)}" if self.ready else title

    def show_day(self) -> None:
        """Lay the page out."""
        if self.day is None:
            return
        self.rows, self.drafts, self.kept = {}, {}, {}
        lines: list[Line] = []
        keys: list[str | None] = []
        for title, count, rows in self._sections():
            shown = f" {title}"
            if count is not None:
                gap = self.size.width - len(shown) - len(str(count)) - 1
                lines.append([(shown, "atenuado"), " " * max(1, gap), str(count)])
            else:
                lines.append([(shown, "atenuado")])
            keys.append(None)
            for line, row in rows:
                lines.append(line)
                keys.append(self._key(row) if row is not None else None)
                self._remember(keys, self._of_line.get(id(line)))
        self.page.show(lines, keys)
        self._hint()

    def _remember(self, keys: list[str | None], kept: Waiting | None) -> None:
        """What can be done with the last line: take its draft up again, throw it away."""
        if kept is None or kept.drop is None:
            return
        key = keys[-1] = keys[-1] or f"kept:{len(keys)}"
        self.kept[key] = kept
        if kept.opens and (kept.row is not None or kept.opens == "campaign"):
            self.drafts[key] = kept.opens

    def _key(self, row: QueueRow) -> str:
        key = row.ref
        while key in self.rows:  # the same row may be promised and held
            key += "'"
        self.rows[key] = row
        return key

    def _sections(self) -> list[tuple[str, int | None, list[tuple[Line, QueueRow | None]]]]:
        d, at = self.day, self.at
        assert d is not None
        promised: list[tuple[Line, QueueRow | None]] = []
        for p in d.promised:
            when = at.local(p.at)
            tone, sign = ("vencida", "▲") if when < at.now else ("hoy", "■")
            note = f"«{p.note}»" if p.note else "" if p.mine else _("cualquiera")
            promised.append(([(f" {sign} ", tone), f"{clock(when)}  {self._row(p.row)}  {note}"], p.row))
        held: list[tuple[Line, QueueRow | None]] = []
        for h in d.held:
            minutes = max(0, int((wall() - h.taken_at).total_seconds() // 60))
            tail = _("vence {t}").format(t=clock(at.local(h.expires_at)))
            held.append(
                ([(" t ", "tomado"), f"{pad(_('{n} min').format(n=minutes), 6)} {self._row(h.row)}  {tail}"], h.row)
            )
        sold: list[tuple[Line, QueueRow | None]] = []
        for s in d.sold:
            good = s.match in ("verified", "credited")
            when_ = at.local(s.sold_for) if s.sold_for else None
            stamp = f"{show_day(when_.date(), at.today)} {clock(when_)}" if when_ else "—"
            text = f"{stamp}  {pad(name(s.row), 18)}  {pad(s.row.plate or '', 8)}  {_(MATCHES.get(s.match, s.match))}"
            sold.append(([(" ✓ " if good else " ■ ", "exito" if good else "hoy"), text], s.row))
        sections = [
            (_("A DEVOLVER"), len(promised), promised),
            (_("TOMADOS POR MÍ"), len(held), held),
            (_("VENDIDOS HOY"), len(sold), sold),
            *self._waiting(),
            (_("MIS NÚMEROS"), None, self._numbers()),
        ]
        if d.complaints:
            complaints: list[tuple[Line, QueueRow | None]] = []
            for row in d.complaints:
                due = at.local(row.when) if row.when is not None and hasattr(row.when, "hour") else None  # type: ignore[arg-type]
                tone, sign = ("vencida", "▲") if row.late else ("hoy", "■")
                stamp = f"{show_day(due.date(), at.today)} {clock(due)}" if due else "—"
                complaints.append(([(f" {sign} ", tone), f"{stamp}  {self._row(row)}  «{row.about or ''}»"], row))
            sections.append((_("RECLAMOS (supervisor)"), len(complaints), complaints))
        return sections  # fmt: skip

    def _waiting(self) -> list[tuple[str, int | None, list[tuple[Line, QueueRow | None]]]]:
        """Drafts and acts that wait on this machine."""
        self._of_line = {id(w.line): w for w in self._kept}
        rows = [(w.line, w.row) for w in self._kept]
        return [(_("BORRADORES Y ENVÍOS PENDIENTES"), len(rows), rows)]

    def _row(self, row: QueueRow) -> str:
        return f"{pad(name(row), 25)}  {pad(row.plate or '', 8)}  {pad(_(STAGES.get(row.stage, row.stage)), 12)}"

    def _numbers(self) -> list[tuple[Line, QueueRow | None]]:
        d = self.day
        assert d is not None
        first = _("Llamados {n} · contactos {k} · turnos {s}").format(
            n=d.mine.calls, k=rate(d.mine.contacts, d.mine.calls), s=rate(d.mine.sold, d.mine.contacts)
        )
        second = _("A devolver en hora {k} · en curso: {n}").format(k=rate(*d.on_time), n=d.pending_callbacks)
        return [(f" {first}", None), (f" {second}", None)]

    def _hint(self) -> None:
        d, at = self.day, self.at
        if d is None or not d.promised or d.promised[0].at > at.now:
            self.frame.status.hint(_("Lo escrito: [Enter] retoma  [d] descarta") if self.kept else "")
            return
        minutes = int((at.now - d.promised[0].at).total_seconds() // 60)
        text = _("▲ {name} espera desde hace {n} min. [l] llamar").format(name=name(d.promised[0].row), n=minutes)
        self.frame.status.hint([(text, "vencida")])

    def acted_row(self) -> QueueRow:
        """The row of a verb."""
        if self.row is None:
            raise BoxesError(_("No hay ninguna fila elegida."))
        return self.row

    @property
    def row(self) -> QueueRow | None:
        """The row under the cursor."""
        return self.rows.get(self.page.cursor or "")

    def on_page_chosen(self, event: Page.Chosen) -> None:
        """``Enter`` opens the customer, or takes a draft up again."""
        verb = self.drafts.get(event.key)
        self.perform(getattr(self, f"verb_{verb}") if verb else self.verb_customer)

    def verb_campaign(self) -> None:
        """The campaign that was being built."""
        open_door(self, "campaigns")

    async def verb_discard(self) -> None:
        """Throw away the draft or the refused act under the cursor; else discard the opportunity."""
        from boxes_tui.screens.dialogs.forms import AskForm

        kept = self.kept.get(self.page.cursor or "")
        if kept is None or kept.drop is None:
            await super().verb_discard()
            return
        lines: tuple[Line, ...] = (kept.line, "", _("No se puede deshacer."))
        form = AskForm(_("DESCARTAR LO ESCRITO"), lines, _("¿Descartarlo?"), _("descartar"))
        if await self.app.push_screen_wait(form) is not None:
            kept.drop()
            self.say(_("Se descartó lo escrito."))
            self.reload()

    def verb_customer(self) -> None:
        """The customer's card."""
        from boxes_tui.screens.customer import CustomerScreen

        row = self.acted_row()
        if row.customer_id is not None:
            self.app.push_screen(CustomerScreen(row.customer_id, row))
