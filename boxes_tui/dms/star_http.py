"""STAR over HTTP (DMS.md §3, adapter 3): pages by cursor, retries with jitter and ``Retry-After``, limits on everything.

The source's ``headers`` (its token among them) go only to the scheme, host and port of ``base_url``: redirects are not
followed, and a next page elsewhere ends the read.
"""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from boxes_tui.dms.records import FileRefused
from boxes_tui.dms.spec import SourceSpec
from boxes_tui.errors import ConfigError
from boxes_tui.i18n import _

TRIES: Final = 5
LONGEST_WAIT: Final = 120.0
PAGE_BYTES: Final = 64 << 20
PAGES: Final = 10_000
AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_NESTED: Final = ("links", "_links", "pagination", "paging", "page", "meta")
_NEXT: Final = ("next_cursor", "nextCursor", "next", "next_page_token", "nextPageToken")


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
                        raise FileRefused("E-READ", _("la respuesta del servidor pasa de 64 MB por página"))
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
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds())
