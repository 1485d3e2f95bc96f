"""STAR documents as trees (DMS.md §3, adapter 3): the records of JSON and of XML BODs, and the columns of a record.

A tree is what JSON gives: dict, list, text, number, None. An XML element becomes a dict of its children without
namespaces, a list where a child repeats, and text where it has no children. A column is a dotted path in it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from boxes_tui.dms.cells import ERROR, as_text
from boxes_tui.dms.records import UNTOUCHED, FileRefused
from boxes_tui.i18n import _
from boxes_tui.text import clean

MAX_DEPTH: Final = 100
BOD_LENGTH: Final = 200
ENVELOPES: Final = ("data", "items", "results", "records")
_VERBS: Final = frozenset(
    {"process", "sync", "show", "get", "acknowledge", "confirm", "change", "cancel", "notify", "add", "respond", "post",
     "load", "update"}
)  # fmt: skip
_STEP: Final = re.compile(r"([^\[\]]+)\[([^=\[\]]+)=([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Found:
    """A record: the trees in which its columns are looked up, the innermost first. ``scopes`` is empty where the
    document holds something that is no record."""

    scopes: tuple[dict[str, Any], ...]
    node: Any

    def raw(self) -> str:
        """The record as it is kept with its reject."""
        return json.dumps(self.node, ensure_ascii=False, default=str)


def decode(data: bytes, encoding: str | None) -> str:
    """The text of a JSON document: the declared encoding, or BOM → UTF-8 strict → cp1252 (DMS.md §3)."""
    try:
        if encoding:
            return data.decode(encoding)
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return data.decode("utf-16")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("cp1252")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        said = _("no se puede leer como {encoding}: byte 0x{byte:02x} en la posición {at}")
        at = error.start
        byte = data[at] if at < len(data) else 0
        raise FileRefused("E-READ", said.format(encoding=error.encoding, byte=byte, at=at), line) from None


def tree_of_json(data: bytes, encoding: str | None) -> Any:
    """The tree of a JSON document; :class:`FileRefused` (``E-JSON``) where it is none."""
    text = decode(data, encoding)
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        said = _("no es JSON: {why} (línea {line}, columna {column})")
        raise FileRefused(
            "E-JSON", said.format(why=error.msg, line=error.lineno, column=error.colno), error.lineno
        ) from None
    except (ValueError, RecursionError):
        raise FileRefused("E-JSON", _("no es JSON que se pueda leer: números o anidamiento imposibles")) from None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


# -- records -----------------------------------------------------------------------------------------------------


def noun_of(resource: str) -> str:
    """The record's name in a resource: its last part without its query, plain and in the singular."""
    return plain(resource.partition("?")[0].rstrip("/").rpartition("/")[2]).removesuffix("s")


def plain(name: str) -> str:
    """A name as STAR's dialects write it differently: ``service_appointment`` and ``ServiceAppointment`` alike."""
    return name.replace("_", "").replace("-", "").lower()


class Documents:
    """The records of the documents of one read. A BOD whose BODID is in ``known`` is skipped; those read are in
    ``new``, which the caller adds to ``known`` once the read is through."""

    def __init__(self, noun: str, inner: Sequence[str], known: frozenset[str]) -> None:
        self.noun, self.inner, self.known = noun, tuple(inner), known
        self.new: set[str] = set()
        self.skipped = 0

    def records(self, tree: Any) -> Iterator[Found]:
        """The records of a document."""
        for node in self._nodes(tree, True, 0):
            if not isinstance(node, dict):
                yield Found((), node)
            elif self.inner:
                yield from self._within(node, self.inner, (node,))
            else:
                yield Found((node,), node)

    def _within(self, node: Any, steps: tuple[str, ...], scopes: tuple[dict[str, Any], ...]) -> Iterator[Found]:
        """The parts of a record that are records of their own: ``repair_order.labor_operations``."""
        if not steps:
            yield Found(scopes, node)
            return
        below = node.get(steps[0])
        for item in below if isinstance(below, list) else [] if below is None else [below]:
            if isinstance(item, dict):
                yield from self._within(item, steps[1:], (item, *scopes))
            else:
                yield Found((), item)

    def _nodes(self, node: Any, outer: bool, depth: int) -> Iterator[Any]:
        if depth > MAX_DEPTH:
            raise FileRefused("E-READ", _("el documento está anidado demasiado hondo"))
        if isinstance(node, list):
            for item in node:
                yield from self._nodes(item, False, depth + 1)
            return
        if not isinstance(node, dict):
            yield node
            return
        names = {plain(str(key)): key for key in node}
        if "applicationarea" in names:
            yield from self._bod(node, names)
            return
        if self.noun in names and isinstance(node[names[self.noun]], (dict, list)):
            found = node[names[self.noun]]
            yield from found if isinstance(found, list) else [found]
            return
        wrapper = next((names[n] for n in (f"{self.noun}s", *ENVELOPES) if n in names), None) if outer else None
        if wrapper is None and len(node) == 1 and outer:
            wrapper = next(iter(node))
        if wrapper is not None and isinstance(node[wrapper], (dict, list)):
            yield from self._nodes(node[wrapper], True, depth + 1)
            return
        yield node

    def _bod(self, node: dict[str, Any], names: dict[str, str]) -> Iterator[Any]:
        """The nouns of a business object document, unless its BODID was read before."""
        area = node[names["applicationarea"]]
        ids = [v for k, v in area.items() if plain(str(k)) == "bodid"] if isinstance(area, dict) else []
        said = scalar(ids[0]) if ids else None
        if said is not None and said is not ERROR and (bod := _bod_name(as_text(said))):
            if bod in self.known or bod in self.new:
                self.skipped += 1
                return
            self.new.add(bod)
        for name, key in names.items():
            if name.endswith("dataarea"):
                areas = node[key] if isinstance(node[key], list) else [node[key]]
                for item in areas:
                    yield from self._nouns(item)

    def _nouns(self, area: Any) -> Iterator[Any]:
        if not isinstance(area, dict):
            return
        own = [k for k in area if plain(str(k)) in (self.noun, f"{self.noun}s")]
        for key in own or [k for k in area if plain(str(k)) not in _VERBS and not str(k).startswith(("@", "#"))]:
            found = area[key]
            yield from found if isinstance(found, list) else [found]


def _bod_name(said: str) -> str:
    """A BODID as it is remembered: a long one by its digest."""
    name = clean(said)
    return name if len(name) <= BOD_LENGTH else hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


# -- columns -----------------------------------------------------------------------------------------------------


def column(scopes: Sequence[dict[str, Any]], name: str) -> Any:
    """The cell of a column: its dotted path in the record, else (no dot in it) the shallowest property of that name.
    :data:`UNTOUCHED` where the record has no such property."""
    steps = name.split(".")
    for scope in scopes:
        found = _follow(scope, steps)
        if found is not UNTOUCHED:
            return scalar(found)
    if len(steps) == 1:
        for scope in scopes:
            found = _anywhere(scope, name)
            if found is not UNTOUCHED:
                return scalar(found)
    return UNTOUCHED


def _follow(node: Any, steps: Sequence[str]) -> Any:
    """A path: names, ``list.0`` for one of a list (the first unless told), ``list[type=phone]`` for one told by a
    property of it."""
    for step in steps:
        chosen = _STEP.fullmatch(step)
        if isinstance(node, list):
            if step.isdecimal():
                if int(step) >= len(node):
                    return UNTOUCHED
                node = node[int(step)]
                continue
            node = node[0] if node else None
        if not isinstance(node, dict):
            return UNTOUCHED
        node = node.get(chosen[1] if chosen else step, UNTOUCHED)
        if chosen:
            items = node if isinstance(node, list) else [node]
            node = next((i for i in items if isinstance(i, dict) and _said(i.get(chosen[2])) == chosen[3]), UNTOUCHED)
        if node is UNTOUCHED:
            return UNTOUCHED
    return node


def _said(node: Any) -> str:
    found = scalar(node)
    return as_text(found) if isinstance(found, (str, int, Decimal)) else ""


def _anywhere(top: dict[str, Any], name: str) -> Any:
    level: list[Any] = [top]
    for _depth in range(MAX_DEPTH):
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                if name in node:
                    return node[name]
                below += node.values()
            elif isinstance(node, list):
                below += node
        level = [n for n in below if isinstance(n, (dict, list))]
        if not level:
            break
    return UNTOUCHED


def scalar(node: Any) -> Any:
    """A property as a cell: a list of texts is joined, an element with attributes is its text, an object is none."""
    if isinstance(node, dict):
        if "#text" in node:
            return node["#text"]
        return ERROR if any(not str(k).startswith("@") for k in node) else None
    if isinstance(node, list):
        cells = [scalar(item) for item in node]
        if any(cell is ERROR for cell in cells):
            return ERROR
        return " / ".join(as_text(cell) for cell in cells if cell is not None) or None
    return node


# -- keys --------------------------------------------------------------------------------------------------------

OWN_KEY: Final = "(clave)"
ORDER_KEY: Final = "(orden)"
"""The columns of a record's key, and of its order's, where the mapping names none."""
_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "customer": ("customer_key", "customer_id", "party_key", "identifier.value", "id"),
    "vehicle": ("vehicle_key", "vehicle_identifier_key", "vehicle_id", "vin", "id"),
    "delivery": ("retail_delivery_key", "retail_delivery_id", "id"),
    "appointment": ("service_appointment_key", "appointment_id", "service_appointment_id", "requestId", "id"),
    "repair_order": ("repair_order_key", "repair_order_id", "id"),
    "repair_order_line": ("labor_operation_key", "labor_operation_id", "id"),
    "incident": ("narrative_key", "id"),
}
_DOCUMENT_ID: Final = "documentIdGroup.documentId.id"


def cell_of(entity: str, found: Found, name: str) -> Any:
    """The cell of a column, or of the key that STAR gives the record."""
    if name == OWN_KEY:
        return _own_key(found.scopes[0], _KEYS[entity])
    if name == ORDER_KEY:
        return _own_key(found.scopes[-1], _KEYS["repair_order"])
    return column(found.scopes, name)


def _own_key(own: dict[str, Any], names: Sequence[str]) -> Any:
    """The key that STAR gives a record: the first of its own properties that says one."""
    for name in (*names, _DOCUMENT_ID):
        if name.partition(".")[0] in own and (cell := column((own,), name)) is not UNTOUCHED and cell is not None:
            return cell
    return UNTOUCHED
