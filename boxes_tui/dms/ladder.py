"""Lines that the last complete read held too (QUALITY §1, the detection ladder): they are passed over before they are parsed.

Kept are, in the order of the file, a digest of every line that became a row without any remark, and the row's key.  A line
that stands there says what the database holds already: it counts as unchanged.  Everything else takes the long way, so a
digest that is missing costs time and nothing more.  Rows that were not passed over and are not in the read are the only
ones that may have gone.
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text

from boxes_tui.dms.context import Context
from boxes_tui.dms.records import UNTOUCHED, Record, Reject

if TYPE_CHECKING:
    from boxes_tui.dms.stage import Staged

BLOCK: Final = 4096
AHEAD: Final = 64
MANY: Final = 300_000
"""How far a line is looked for behind the place where it is expected."""


def digest_of(line: str) -> int:
    """64 bits of a raw line; never 0, which stands for a line that has to be read again."""
    data = line.encode("utf-8", "surrogatepass")
    return (zlib.crc32(data) << 31 | zlib.adler32(data) & 0x7FFFFFFF) or 1


class Lines:
    """The lines of one read: those known from the last one, and those to be kept for the next. Inactive until told."""

    def __init__(self, header: str) -> None:
        self.header = header
        self.active = False
        self.skipped = 0
        self._known: array[int] = array("q")
        self._seen = bytearray()
        self._old: list[bytes] = []
        self._at, self._place, self._names = 0, -1, [""]
        self._digest = 0
        self._digests: array[int] = array("q")
        self._keys: list[str] = []
        self.blocks: list[tuple[bytes, bytes]] = []

    def begin(self, blocks: Collection[tuple[bytes, bytes]]) -> None:
        """Know the lines of the last read, and note those of this one."""
        self.active = True
        for digests, keys in blocks:
            self._known.frombytes(digests)
            self._old.append(keys)
        self._seen = bytearray(len(self._known))

    def same(self, line: str) -> bool:
        """Whether the last read held this very line; its row is then kept as it was."""
        digest = self._digest = digest_of(line)
        known, at = self._known, self._at
        if at >= len(known) or known[at] != digest:
            try:
                at = known.index(digest, at, at + AHEAD)
            except ValueError:
                return False
        self._seen[at] = 1
        self._at = at + 1
        self.skipped += 1
        self._note(digest, self._name(at))
        return True

    def note(self, item: Record | Reject) -> None:
        """A line that was read: its row, to be known the next time where there was nothing to remark."""
        if item.key is not None:
            plain = type(item) is Record and not item.warnings and UNTOUCHED not in item.values
            self._note(self._digest if plain else 0, item.key)

    def _note(self, digest: int, key: str) -> None:
        self._digests.append(digest)
        self._keys.append(key)
        if len(self._keys) == BLOCK:
            self._close()

    def _close(self) -> None:
        if self._keys:
            self.blocks.append((self._digests.tobytes(), _packed(self._keys)))
            self._digests, self._keys = array("q"), []

    def _name(self, place: int) -> str:
        block = place // BLOCK
        if block != self._place:
            self._place, self._names = block, _unpacked(self._old[block])
        return self._names[place % BLOCK]

    def unseen(self, staged: Collection[str]) -> list[str] | None:
        """The keys of known lines that this read did not hold; None where a row that was passed over has another line here
        too, so that the whole file has to be read."""
        missing: list[str] = []
        for n, packed in enumerate(self._old):
            flags = self._seen[n * BLOCK : (n + 1) * BLOCK]
            if self.skipped or 0 in flags:
                for key, seen in zip(_unpacked(packed), flags, strict=True):
                    if not seen:
                        missing.append(key)
                    elif key in staged:
                        return None
        return missing

    def kept(self, doubtful: Collection[str]) -> Iterator[tuple[bytes, bytes]]:
        """The blocks to be kept; lines of ``doubtful`` keys have to be read again."""
        self._close()
        for digests, keys in self.blocks:
            if doubtful:
                marks = array("q")
                marks.frombytes(digests)
                for n, key in enumerate(_unpacked(keys)):
                    if key in doubtful:
                        marks[n] = 0
                yield marks.tobytes(), keys
            else:
                yield digests, keys


def _packed(keys: list[str]) -> bytes:
    return zlib.compress(json.dumps(keys, ensure_ascii=False).encode("utf-8", "surrogatepass"), 1)


def _unpacked(keys: bytes) -> list[str]:
    found: list[str] = json.loads(zlib.decompress(keys).decode("utf-8", "surrogatepass"))
    return found


def unseen(conn: Connection, staged: Staged) -> list[str] | None:
    """:meth:`Lines.unseen` of a read that is staged; None too where so much has changed that the whole file is read sooner."""
    if staged.rows > MANY:
        return None
    keys = set(conn.execute(text("SELECT key FROM boxes_stage")).scalars())
    lines: Lines = staged.read.lines
    return lines.unseen(keys)


# -- the database ------------------------------------------------------------------------------------------------


def known(conn: Connection, ctx: Context, entity: str, mapping: str) -> list[tuple[bytes, bytes]]:
    """The blocks of the last read, where it was read under the same mapping and header; none otherwise."""
    rows = conn.execute(
        text("SELECT digests, keys FROM line_block WHERE source_id = :s AND entity = :e AND mapping = :m ORDER BY n"),
        {"s": ctx.source_id, "e": entity, "m": mapping},
    )
    return [(bytes(digests), bytes(keys)) for digests, keys in rows]


def forget(conn: Connection, ctx: Context, entity: str) -> None:
    """The last read is none that could be known again."""
    conn.execute(text("DELETE FROM line_block WHERE source_id = :s AND entity = :e"), {"s": ctx.source_id, "e": entity})


def keep(conn: Connection, ctx: Context, entity: str, mapping: str, lines: Lines) -> None:
    """Keep the lines of a read that was applied; those of keys that stood twice (be it in a bad row), or came too late, are
    read again."""
    forget(conn, ctx, entity)
    doubtful = set(
        conn.execute(
            text(
                "SELECT key FROM boxes_stage WHERE st <> 'k' OR state = 'stale' "
                "UNION SELECT row_key FROM boxes_bad WHERE row_key IS NOT NULL"
            )
        ).scalars()
    )
    rows = [
        {"s": ctx.source_id, "e": entity, "n": n, "m": mapping, "d": digests, "k": keys}
        for n, (digests, keys) in enumerate(lines.kept(doubtful))
    ]
    if rows:
        conn.execute(
            text(
                "INSERT INTO line_block (source_id, entity, n, mapping, digests, keys) VALUES (:s, :e, :n, :m, :d, :k)"
            ),
            rows,
        )
