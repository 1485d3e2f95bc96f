"""STAR as a source (DMS.md §3, adapter 3): JSON in the ``domain`` and ``legacy`` dialects and XML BODs, from files or HTTP.

The columns of a record are the dotted paths of its properties (``customer.name.last_name``); a property that the
record does not have is left untouched. ``resource`` names the record (``service_appointment``); lines and incidents
add the list that holds them (``repair_order.labor_operations``), and see the properties of their order too. Over HTTP
it is the address below ``base_url``, and ``{from}`` and ``{to}`` in it are the days of the window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from boxes_tui.clock import clock_from_env
from boxes_tui.dms.apply import Context
from boxes_tui.dms.columns import Rejected, make_header
from boxes_tui.dms.folder import Folder
from boxes_tui.dms.merge import Waiting
from boxes_tui.dms.normalise import Normaliser
from boxes_tui.dms.records import UNTOUCHED, FileRead, FileRefused, Record, Reject
from boxes_tui.dms.shape import CHILDREN
from boxes_tui.dms.spec import EntitySpec, SourceSpec
from boxes_tui.dms.star_http import Pages
from boxes_tui.dms.star_json import Documents, Found, column, noun_of, tree_of_json
from boxes_tui.dms.star_xml import tree_of_xml
from boxes_tui.dms.tabular import counted, sha256_of
from boxes_tui.i18n import _

Watch = Callable[[str, FileRead, int | None], FileRead]
FILE_BYTES: Final = 512 << 20
SUFFIXES: Final = (".json", ".xml")
_OWN_KEY: Final = "(clave)"
_ORDER_KEY: Final = "(orden)"
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
Trees = Iterator[Any]
Shape = tuple[str, str, "str | None"]
"""Name, digest and path of a read."""


def open_star(source: SourceSpec, entity: EntitySpec, path: Path, digest: str | None = None) -> FileRead:
    """A STAR file as a read; its form is told by its first sign. Raises :class:`FileRefused`."""
    return _opened(source, entity, path, digest, set())


class StarSource:
    """A STAR source during one run: BODIDs that a read of an entity has carried are skipped in its later reads."""

    def __init__(self, spec: SourceSpec) -> None:
        self.spec = spec
        if spec.path is None:
            Pages(spec, "")  # a wrong address is told now
        self._known: dict[str, set[str]] = {}

    def waiting(self, entity: EntitySpec, ctx: Context, watch: Watch) -> list[Waiting]:
        """The reads of an entity that wait: its files in the order of their names, or its resource."""
        known = self._known.setdefault(entity.name, set())
        if self.spec.path is None:
            today = date.fromordinal(ctx.today)
            return [
                Waiting(
                    entity.name, "", lambda: watch(entity.name, self._resource(entity, today), None), lambda lines: {}
                )
            ]
        return [self._file(entity, path, watch, known) for path in self._files(entity)]

    def reads(self, entity: EntitySpec) -> Iterator[FileRead]:
        """The reads of an entity, for ``probe``."""
        if self.spec.path is None:
            yield self._resource(entity, clock_from_env().today(self.spec.timezone))
            return
        for path in self._files(entity):
            yield _opened(self.spec, entity, path, None, self._known.setdefault(entity.name, set()))

    def _file(self, entity: EntitySpec, path: Path, watch: Watch, known: set[str]) -> Waiting:
        digest = sha256_of(path)

        def opened() -> FileRead:
            return watch(entity.name, _opened(self.spec, entity, path, digest, known), None)

        def raw(lines: list[int]) -> dict[int, str]:
            left = set(lines)
            found = _documents(entity, frozenset())
            every = (item for tree in _trees(entity, path) for item in found.records(tree))
            return {n: item.raw() for n, item in enumerate(every, 1) if n in left} if left else {}

        return Waiting(path.name, digest, opened, raw)

    def _files(self, entity: EntitySpec) -> list[Path]:
        """``files``, else every JSON and XML file whose name begins with the resource."""
        folder = Folder(self.spec)
        if self.spec.path is not None and self.spec.path.is_file():
            return [self.spec.path]
        folder.check()
        name = _resource_of(entity)[0].partition("?")[0].rstrip("/").rpartition("/")[2]
        found = folder.waiting(replace(entity, files=entity.files or f"{name}*"))
        return found if entity.files else [p for p in found if p.suffix.lower() in SUFFIXES]

    def _resource(self, entity: EntitySpec, today: date) -> FileRead:
        low, high = entity.window_days or (-36500, 36500)
        resource = _resource_of(entity)[0]
        for name, days in (("{from}", max(low, -36500)), ("{to}", min(high, 36500))):
            resource = resource.replace(name, (today + timedelta(days)).isoformat())
        pages = Pages(self.spec, resource)
        trees = pages.read(lambda data: _tree(data, entity.encoding))
        return _read(self.spec, entity, (entity.name, "", None), trees, self._known.setdefault(entity.name, set()))


def _opened(source: SourceSpec, entity: EntitySpec, path: Path, digest: str | None, known: set[str]) -> FileRead:
    shape = (path.name, sha256_of(path) if digest is None else digest, str(path))
    return _read(source, entity, shape, _trees(entity, path), known)


def _trees(entity: EntitySpec, path: Path) -> Trees:
    """The one document of a file, read when the rows are."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES + 1)
    except OSError as error:
        raise FileRefused("E-READ", _("no se puede leer ({why})").format(why=error.strerror)) from None
    if len(data) > FILE_BYTES:
        raise FileRefused("E-READ", _("el archivo pasa de 512 MB; exportarlo en partes"))
    yield _tree(data, entity.encoding)


def _tree(data: bytes, encoding: str | None) -> Any:
    head = data[:64].removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    if head.replace(b"\0", b"").lstrip().startswith(b"<"):
        return tree_of_xml(data)
    return tree_of_json(data, encoding)


def _resource_of(entity: EntitySpec) -> tuple[str, tuple[str, ...]]:
    """The resource, and the path of the lists below it that hold the records of lines and incidents."""
    resource = entity.resource or entity.name
    if entity.name not in CHILDREN:
        return resource, ()
    head, sign, tail = resource.rpartition("/")
    name, _dot, inner = tail.partition(".")
    return head + sign + name, tuple(inner.split(".")) if inner else ()


def _documents(entity: EntitySpec, known: frozenset[str]) -> Documents:
    resource, inner = _resource_of(entity)
    return Documents(noun_of(resource), inner, known)


def _read(source: SourceSpec, entity: EntitySpec, shape: Shape, trees: Trees, known: set[str]) -> FileRead:
    if not entity.fields:
        raise FileRefused("E-COLS", _("la entidad {entity} no tiene ningún campo (map)").format(entity=entity.name))
    if not entity.key:
        entity = replace(entity, key=(_ORDER_KEY, _OWN_KEY) if entity.name in CHILDREN else (_OWN_KEY,))
    names = entity.columns()
    try:
        normaliser = Normaliser(source, entity, make_header(names, entity))
    except Rejected as error:
        raise FileRefused(error.code, error.reason, 0, error.field) from None
    name, digest, path = shape
    read = FileRead(normaliser.layout(), name, digest, None, path=path)
    read.rows = counted(read, _items(read, normaliser, names, trees, known))
    return read


def _items(
    read: FileRead, normaliser: Normaliser, names: Sequence[str], trees: Trees, known: set[str]
) -> Iterator[Record | Reject]:
    """The records of the documents; a read that skipped a BOD, or got fewer than announced, is not complete."""
    documents = _documents(normaliser.entity, frozenset(known))
    number, announced = 0, None
    for tree in trees:
        total = tree.get("total_count", tree.get("totalCount")) if isinstance(tree, dict) else None
        announced = total if type(total) is int else announced
        for found in documents.records(tree):
            number += 1
            yield _one(read, normaliser, names, found, number)
    if documents.skipped or (announced is not None and number < announced and not documents.inner):
        read.complete = False
    known |= documents.new


def _one(read: FileRead, normaliser: Normaliser, names: Sequence[str], found: Found, number: int) -> Record | Reject:
    if not found.scopes:
        return Reject("E-JSON", "", _("no es un registro"), read.name, number, found.raw()[:4000])
    entity = normaliser.entity.name
    cells = [_cell(entity, found, name) for name in names]
    if read.layout.scope_fields and (values := normaliser.scope_of(cells)) is not None:
        read.scope_values.add(values)
    item = normaliser.row(cells, number, read.name, "")
    return replace(item, raw=found.raw()) if isinstance(item, Reject) else item


def _cell(entity: str, found: Found, name: str) -> Any:
    if name == _OWN_KEY:
        return _own_key(found.scopes[0], _KEYS[entity])
    if name == _ORDER_KEY:
        return _own_key(found.scopes[-1], _KEYS["repair_order"])
    return column(found.scopes, name)


def _own_key(own: dict[str, Any], names: Sequence[str]) -> Any:
    """The key that STAR gives a record: the first of its own properties that says one."""
    for name in (*names, _DOCUMENT_ID):
        if name.partition(".")[0] in own and (cell := column((own,), name)) is not UNTOUCHED and cell is not None:
            return cell
    return UNTOUCHED
