"""STAR as a source (DMS.md §3, adapter 3): JSON in the ``domain`` and ``legacy`` dialects and XML BODs, from files or HTTP.

The columns of a record are the dotted paths of its properties (``customer.name.last_name``); a property that the
record does not have is left untouched. ``resource`` names the record (``service_appointment``); lines and incidents
add the list that holds them (``repair_order.labor_operations``), and see the properties of their order too. Over HTTP
it is the address below ``base_url``; ``{since}``, ``{from}`` and ``{to}`` in it are those of the read. The source's
``headers`` (its token among them) go only to the scheme, host and port of ``base_url``.
"""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from boxes_tui.clock import wall
from boxes_tui.dms.columns import Rejected, make_header
from boxes_tui.dms.normalise import Normaliser
from boxes_tui.dms.readers import encoding_of, refusal
from boxes_tui.dms.records import FileRead, FileRefused, Record, Reject
from boxes_tui.dms.shape import CHILDREN
from boxes_tui.dms.spec import EntitySpec, SourceSpec
from boxes_tui.dms.star_json import ENVELOPES, ORDER_KEY, OWN_KEY, Documents, Found, cell_of, noun_of, tree_of_json
from boxes_tui.dms.star_stream import trees_of_json
from boxes_tui.dms.star_xml import tree_of_xml
from boxes_tui.dms.tabular import counted, sha256_of
from boxes_tui.errors import ConfigError, why
from boxes_tui.i18n import _

XML_BYTES: Final = 32 << 20
TRIES: Final = 5
LONGEST_WAIT: Final = 120.0
PAGE_BYTES: Final = 16 << 20
PAGES: Final = 10_000
AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_NESTED: Final = ("links", "_links", "pagination", "paging", "page", "meta")
_NEXT: Final = ("next_cursor", "nextCursor", "next", "next_page_token", "nextPageToken")
Trees = Iterator[Any]
_NOTHING: Final[Mapping[str, str]] = {}


def open_star(
    source: SourceSpec, entity: EntitySpec, path: Path, digest: str | None = None, known: Mapping[str, str] = _NOTHING
) -> FileRead:
    """A STAR file as a read; its form is told by its first sign. ``known`` tells which file carried a BODID: another file
    with it is a repetition. Raises :class:`FileRefused`."""
    name = sha256_of(path) if digest is None else digest
    read = _read(source, entity, (path.name, name), _trees(entity, path), known)
    read.path = str(path)
    return read


def raw_of_star(entity: EntitySpec, path: Path, lines: Sequence[int]) -> dict[int, str]:
    """The raw text of some records of a file, for rejects that are found after staging (``E-DUP``)."""
    return _raw(entity, _trees(entity, path), lines)


class StarHttp:
    """A STAR source over HTTP. ``sleep`` waits between tries."""

    def __init__(self, spec: SourceSpec, sleep: Callable[[float], None] = time.sleep) -> None:
        self.spec, self.sleep = spec, sleep
        Pages(spec, "")  # a wrong address is told now

    def read(
        self, entity: EntitySpec, today: date, since: datetime | None = None, known: Mapping[str, str] = _NOTHING
    ) -> FileRead:
        """The pages of an entity's resource as one read; ``today`` is the business day from which its window counts."""
        return _read(self.spec, entity, (entity.name, ""), self._pages(entity, today, since), known)

    def raw_lines(
        self, entity: EntitySpec, today: date, since: datetime | None, lines: Sequence[int]
    ) -> dict[int, str]:
        """The raw text of some records, read once more; nothing where the server does not answer any more."""
        with suppress(FileRefused):
            return _raw(entity, self._pages(entity, today, since), lines)
        return {}

    def _pages(self, entity: EntitySpec, today: date, since: datetime | None) -> Trees:
        low, high = entity.window_days or (-36500, 36500)
        begin = (since or datetime(1970, 1, 1, tzinfo=UTC)).astimezone(UTC)
        resource = _resource_of(entity)[0].replace("{since}", begin.strftime("%Y-%m-%dT%H:%M:%SZ"))
        for name, days in (("{from}", max(low, -36500)), ("{to}", min(high, 36500))):
            resource = resource.replace(name, (today + timedelta(days)).isoformat())
        return Pages(self.spec, resource, self.sleep).read(lambda data: _tree(data, entity.encoding))


def _trees(entity: EntitySpec, path: Path) -> Trees:
    """The documents of a file, read when the rows are: XML at once, JSON record by record."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
            data = head + file.read(XML_BYTES + 1) if _is_xml(head) else b""
    except OSError as error:
        raise FileRefused("E-READ", _("no se puede leer ({why})").format(why=why(error))) from None
    if data:
        if len(data) > XML_BYTES:
            raise FileRefused("E-READ", _("el archivo pasa de 32 MB; exportarlo en partes"))
        yield tree_of_xml(data)
        return
    encoding = encoding_of(path, entity.encoding)
    noun = noun_of(_resource_of(entity)[0])
    try:
        with path.open(encoding=encoding, newline="") as text:
            yield from trees_of_json(text, (noun, f"{noun}s", *ENVELOPES))
    except UnicodeError:
        raise refusal(path, encoding) from None
    except OSError as error:
        raise FileRefused("E-READ", _("no se puede leer ({why})").format(why=why(error))) from None


def _tree(data: bytes, encoding: str | None) -> Any:
    return tree_of_xml(data) if _is_xml(data[:64]) else tree_of_json(data, encoding)


def _is_xml(head: bytes) -> bool:
    for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
        head = head.removeprefix(mark)
    return head.replace(b"\0", b"").lstrip().startswith(b"<")


def _resource_of(entity: EntitySpec) -> tuple[str, tuple[str, ...]]:
    """The resource, and the path of the lists below it that hold the records of lines and incidents."""
    resource = entity.resource or entity.name
    if entity.name not in CHILDREN:
        return resource, ()
    head, sign, tail = resource.rpartition("/")
    name, _dot, inner = tail.partition(".")
    return head + sign + name, tuple(inner.split(".")) if inner else ()


def _documents(entity: EntitySpec, known: Mapping[str, str], digest: str) -> Documents:
    resource, inner = _resource_of(entity)
    again = entity.mode != "delta"  # the very file that brought a BOD is once more a complete read of what is
    return Documents(noun_of(resource), inner, frozenset(b for b, d in known.items() if not again or d != digest))


def _read(
    source: SourceSpec, entity: EntitySpec, shape: tuple[str, str], trees: Trees, known: Mapping[str, str]
) -> FileRead:
    if not entity.fields:
        raise FileRefused("E-COLS", _("la entidad {entity} no tiene ningún campo (map)").format(entity=entity.name))
    if not entity.key:
        entity = replace(entity, key=(ORDER_KEY, OWN_KEY) if entity.name in CHILDREN else (OWN_KEY,))
    names = entity.columns()
    try:
        normaliser = Normaliser(source, entity, make_header(names, entity))
    except Rejected as error:
        raise FileRefused(error.code, error.reason, 0, error.field) from None
    read = FileRead(normaliser.layout(), *shape, None)
    read.rows = counted(read, _items(read, normaliser, names, trees, known))
    return read


def _items(
    read: FileRead, normaliser: Normaliser, names: Sequence[str], trees: Trees, known: Mapping[str, str]
) -> Iterator[Record | Reject]:
    """The records of the documents; a read that skipped a BOD, or got fewer than announced, is not complete."""
    documents = _documents(normaliser.entity, known, read.digest)
    number, announced = 0, None
    for tree in trees:
        total = tree.get("total_count", tree.get("totalCount")) if isinstance(tree, dict) else None
        announced = total if type(total) is int else announced
        for found in documents.records(tree):
            number += 1
            yield _one(read, normaliser, names, found, number)
    if documents.skipped or (announced is not None and number < announced and not documents.inner):
        read.complete = False
    read.bods |= documents.new


def _one(read: FileRead, normaliser: Normaliser, names: Sequence[str], found: Found, number: int) -> Record | Reject:
    if not found.scopes:
        return Reject("E-JSON", "", _("no es un registro"), read.name, number, found.raw()[:4000])
    entity = normaliser.entity.name
    cells = [cell_of(entity, found, name) for name in names]
    if read.layout.scope_fields and (values := normaliser.scope_of(cells)) is not None:
        read.scope_values.add(values)
    item = normaliser.row(cells, number, read.name, "")
    return replace(item, raw=found.raw()) if isinstance(item, Reject) else item


def _raw(entity: EntitySpec, trees: Trees, lines: Sequence[int]) -> dict[int, str]:
    left, found = set(lines), _documents(entity, {}, "")
    if not left:
        return {}
    every = (item for tree in trees for item in found.records(tree))
    return {n: item.raw() for n, item in enumerate(every, 1) if n in left}


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> None:
        return None


class Pages:
    """The pages of one resource. ``sleep`` waits between tries."""

    def __init__(self, spec: SourceSpec, resource: str, sleep: Callable[[float], None] = time.sleep) -> None:
        base = spec.base_url or ""
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(_("fuente {name}: base_url tiene que empezar con https://").format(name=spec.name))
        self.first = base.rstrip("/") + "/" + resource.lstrip("/")
        self.headers = {"Accept": "application/json, application/xml;q=0.9", "User-Agent": "boxes", **spec.headers}
        self.timeout, self.sleep = spec.timeout, sleep
        self.opener = build_opener(_NoRedirect)

    def read(self, tree_of: Callable[[bytes], Any]) -> Iterator[Any]:
        """The documents of the pages, one after the other. Raises :class:`FileRefused` where the chain breaks."""
        url: str | None = self.first
        seen: set[str] = set()
        while url is not None:
            if url in seen or len(seen) >= PAGES:
                raise FileRefused("E-READ", _("el servidor repite la página siguiente: la lectura no terminaría"))
            seen.add(url)
            data, headers = self._fetch(url)
            tree = tree_of(data) if data.strip() else []
            yield tree
            url = self._next(url, tree, headers)

    def _fetch(self, url: str) -> tuple[bytes, Message]:
        for attempt in range(TRIES):
            wait: float | None = None
            try:
                with self.opener.open(Request(url, headers=self.headers), timeout=self.timeout) as answer:
                    data = answer.read(PAGE_BYTES + 1)
                    if len(data) > PAGE_BYTES:
                        raise FileRefused("E-READ", _("la respuesta del servidor pasa de 16 MB por página"))
                    return data, answer.headers
            except HTTPError as error:
                error.close()
                why = _("el servidor contestó {code}").format(code=error.code)
                if error.code not in AGAIN:
                    raise FileRefused("E-READ", why + _hint(error.code)) from None
                wait = retry_after(error.headers.get("Retry-After"))
            except (URLError, OSError, http.client.HTTPException) as error:
                reason = getattr(error, "reason", error)
                why = _("no se pudo llegar al servidor ({why})").format(why=type(reason).__name__)
            except ValueError:
                raise FileRefused("E-READ", _("la dirección o un encabezado (headers) no es válido")) from None
            if attempt == TRIES - 1 or (wait is not None and wait > LONGEST_WAIT):
                break
            jitter = random.uniform(0.5, 1.0) * min(30.0, 2.0**attempt)
            self.sleep(jitter if wait is None else wait + random.uniform(0, 0.25))
        raise FileRefused("E-READ", why)

    def _next(self, url: str, tree: Any, headers: Message) -> str | None:
        """The address of the next page: a link, or a cursor for ``?cursor=``; None on the last page."""
        said = _link(headers.get("Link")) or (_cursor(tree) if isinstance(tree, Mapping) else None)
        if said is None:
            return None
        if said.startswith(("http://", "https://", "/", "?")):
            following = urljoin(url, said)
            if _origin(following) != _origin(self.first):
                raise FileRefused("E-READ", _("la página siguiente está en otro servidor; no se le manda la clave"))
            return following
        parts = urlsplit(self.first)
        query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k != "cursor"]
        return urlunsplit(parts._replace(query=urlencode([*query, ("cursor", said)])))


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _hint(code: int) -> str:
    return _(": revisar la clave en headers") if code in (401, 403) else ""


def _cursor(tree: Mapping[str, Any]) -> str | None:
    if tree.get("has_more") is False or tree.get("hasMore") is False:
        return None
    for holder in (tree, *(tree[n] for n in _NESTED if isinstance(tree.get(n), Mapping))):
        for name in _NEXT:
            found = holder.get(name)
            if isinstance(found, Mapping):
                found = found.get("href")
            if isinstance(found, (str, int)) and not isinstance(found, bool) and str(found).strip():
                return str(found).strip()
    if tree.get("has_more") is True or tree.get("hasMore") is True:
        raise FileRefused("E-READ", _("el servidor dice que hay más páginas y no da la siguiente"))
    return None


def _link(header: str | None) -> str | None:
    for part in (header or "").split(","):
        address, _sign, rest = part.partition(";")
        if 'rel="next"' in rest or "rel=next" in rest:
            return address.strip().strip("<>")
    return None


def retry_after(said: str | None) -> float | None:
    """The seconds that ``Retry-After`` asks for: a number, or a date."""
    if said is None:
        return None
    if said.strip().isdecimal():
        return float(said.strip()[:9])
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - wall()).total_seconds())
