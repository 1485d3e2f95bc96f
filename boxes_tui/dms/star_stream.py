"""JSON documents read record by record (DMS.md §3, adapter 3): memory is that of one record, whatever the file holds.

What comes out are trees as :mod:`boxes_tui.dms.star_json` knows them: a list of records, or an envelope around one, as many
small documents of one record each; everything else as it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import IO, Any, Final

from boxes_tui.dms.records import FileRefused
from boxes_tui.i18n import _

CHUNK: Final = 1 << 16
RECORD: Final = 8 << 20
"""Characters of one record, and of each property of an envelope that is not its list."""
NO_RECORDS: Final = 10_000
"""Elements in a row that are no records, before the file is refused."""
_BLANK: Final = re.compile(r"[ \t\r\n]*")


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_DECODER: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant)


def trees_of_json(file: IO[str], wrappers: Collection[str]) -> Iterator[Any]:
    """The trees of a JSON document; ``wrappers`` are the names, plain, under which an envelope lists its records. Raises
    :class:`FileRefused` (``E-JSON``) where it is none, and ``UnicodeError`` as the file does."""
    text = _Text(file)
    first = text.sign()
    if first == "[":
        for item in text.items():
            yield [item]
    elif first == "{":
        yield from _envelope(text, wrappers)
    else:
        yield text.value()
    if text.sign():
        raise text.refused(_("hay más texto detrás del documento"))


def _envelope(text: _Text, wrappers: Collection[str]) -> Iterator[Any]:
    """An object: what its list holds one by one, and the rest of it (totals, cursors, a single record) as one tree."""
    rest: dict[str, Any] = {}
    streamed = False
    for key in text.names():
        if not streamed and key.replace("_", "").replace("-", "").lower() in wrappers and text.sign() == "[":
            streamed = True
            for item in text.items():
                yield {key: [item]}
            rest[key] = []
        else:
            rest[key] = text.value()
    yield rest


class _Text:
    """A document that is read as far as it is asked for."""

    def __init__(self, file: IO[str]) -> None:
        self.file, self.buffer, self.at, self.before, self.ended = file, "", 0, 0, False

    def sign(self) -> str:
        """The next character that is no blank, "" at the end; it stays."""
        while True:
            blank = _BLANK.match(self.buffer, self.at)
            self.at = blank.end() if blank else self.at
            if self.at < len(self.buffer):
                return self.buffer[self.at]
            if not self._more():
                return ""

    def value(self) -> Any:
        """The value that begins here."""
        self.sign()
        while True:
            try:
                found, end = _DECODER.raw_decode(self.buffer, self.at)
            except json.JSONDecodeError as error:
                if self._more():
                    continue
                raise self.refused(error.msg, error.pos) from None
            except (ValueError, RecursionError):
                said = _("no es JSON que se pueda leer: números o anidamiento imposibles")
                raise FileRefused("E-JSON", said, self._line(self.at)) from None
            if end < len(self.buffer) or not self._more():
                self.at = end
                return found

    def items(self) -> Iterator[Any]:
        """The elements of the list that begins here."""
        self.at += 1
        others = 0
        if self.sign() == "]":
            self.at += 1
            return
        while True:
            item = self.value()
            others = 0 if isinstance(item, dict) else others + 1
            if others > NO_RECORDS:
                raise self.refused(_("trae más de {n} elementos que no son registros").format(n=NO_RECORDS))
            yield item
            if self._ends("]"):
                return

    def names(self) -> Iterator[str]:
        """The names of the object that begins here; the value of each has to be read before the next."""
        self.at += 1
        if self.sign() == "}":
            self.at += 1
            return
        while True:
            name = self.value()
            if not isinstance(name, str) or self.sign() != ":":
                raise self.refused(_("falta el nombre de una propiedad"))
            self.at += 1
            yield name
            if self._ends("}"):
                return

    def refused(self, why: str, place: int | None = None) -> FileRefused:
        """The refusal of the document at a place in the buffer."""
        at = self.at if place is None else place
        column = at - self.buffer.rfind("\n", 0, at)
        said = _("no es JSON: {why} (línea {line}, columna {column})")
        return FileRefused("E-JSON", said.format(why=why, line=self._line(at), column=column), self._line(at))

    def _ends(self, bracket: str) -> bool:
        sign = self.sign()
        if sign not in (",", bracket) or not sign:
            raise self.refused(_("falta una coma o un cierre"))
        self.at += 1
        return sign == bracket

    def _line(self, place: int) -> int:
        return self.before + self.buffer.count("\n", 0, place) + 1

    def _more(self) -> bool:
        """Read on; False at the end of the file. What was consumed is let go, and what is open may not grow for ever."""
        if self.ended:
            return False
        self.before += self.buffer.count("\n", 0, self.at)
        self.buffer, self.at = self.buffer[self.at :], 0
        if len(self.buffer) > RECORD:
            raise FileRefused("E-JSON", _("un registro pasa del tamaño permitido"), self._line(0))
        text = self.file.read(max(CHUNK, len(self.buffer)))
        self.ended = not text
        self.buffer += text
        return bool(text)
