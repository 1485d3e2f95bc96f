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
from collections.abc import Collection, Iterable, Iterator
from itertools import compress
from operator import methodcaller, not_
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text

from boxes_tui.dms.context import Context
from boxes_tui.dms.records import UNTOUCHED, Record, Reject

if TYPE_CHECKING:
    from boxes_tui.dms.stage import Staged

BLOCK: Final = 4096
AHEAD: Final = 64
"""How far a line is looked for behind the place where it is expected."""
MANY: Final = 300_000
AGAIN: Final = -1
"""The digest of a line that has to be read again; no line has it, since half of it is an Adler-32, which is never all ones."""
_bytes_of = methodcaller("encode", "utf-8", "surrogatepass")


def digests_of(lines: Iterable[str]) -> array[int]:
    """64 bits of each raw line: CRC-32 and Adler-32 side by side, without a step of Python for a line."""
    data = list(map(_bytes_of, lines))
    both = array("I", bytes(8 * len(data)))
    both[::2] = array("I", map(zlib.crc32, data))
    both[1::2] = array("I", map(zlib.adler32, data))
    return array("q", both.tobytes())


class Lines:
    """The lines of one read: those known from the last one, and those to be kept for the next. Inactive until told."""

    def __init__(self, header: str) -> None:
        self.header = header
        self.active = False
        self.skipped = 0
        self.digest = AGAIN
        """Of the line being read now."""
        self._known: array[int] = array("q")
        self._seen = bytearray()
        self._old: list[bytes] = []
        self._at, self._place, self._names = 0, -1, [""]
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

    def run(self, digests: array[int], start: int) -> int:
        """How many lines from ``start`` on the last read held in the same order; their rows are kept as they were."""
        known, place = self._known, start
        while place < len(digests) and (at := self._expected(digests[place])) is not None:
            length = _common(digests, place, known, at)
            self._seen[at : at + length] = b"\1" * length
            self._at = at + length
            self._repeat(at, length)
            place += length
        self.skipped += place - start
        return place - start

    def _expected(self, digest: int) -> int | None:
        """The place of a known line, at or a little behind the one that is due."""
        at = self._at
        if at < len(self._known) and self._known[at] == digest:
            return at
        try:
            return self._known.index(digest, at, at + AHEAD)
        except ValueError:
            return None

    def note(self, item: Record | Reject) -> None:
        """A line that was read: its row, to be known the next time where there was nothing to remark."""
        if item.key is not None:
            plain = type(item) is Record and not item.warnings and UNTOUCHED not in item.values
            self._digests.append(self.digest if plain else AGAIN)
            self._keys.append(item.key)
            if len(self._keys) == BLOCK:
                self._close()

    def _repeat(self, at: int, length: int) -> None:
        """Note known lines once more."""
        while length:
            block, place = divmod(at, BLOCK)
            if block != self._place:
                self._place, self._names = block, _unpacked(self._old[block])
            part = min(length, BLOCK - place, BLOCK - len(self._keys))
            self._digests.extend(self._known[at : at + part])
            self._keys.extend(self._names[place : place + part])
            if len(self._keys) == BLOCK:
                self._close()
            at, length = at + part, length - part

    def _close(self) -> None:
        if self._keys:
            keys = self._old[self._place] if self._keys == self._names else _packed(self._keys)
            self.blocks.append((self._digests.tobytes(), keys))
            self._digests, self._keys = array("q"), []

    def unseen(self, staged: Collection[str]) -> list[str] | None:
        """The keys of known lines that this read did not hold; None where a row that was passed over has another line here
        too, so that the whole file has to be read."""
        missing: list[str] = []
        here = frozenset(staged)
        for n, packed in enumerate(self._old):
            flags = self._seen[n * BLOCK : (n + 1) * BLOCK]
            keys = _unpacked(packed)
            if not here.isdisjoint(compress(keys, flags)):
                return None
            if 0 in flags:
                missing.extend(compress(keys, map(not_, flags)))
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
                        marks[n] = AGAIN
                yield marks.tobytes(), keys
            else:
                yield digests, keys


def _common(one: array[int], i: int, other: array[int], j: int) -> int:
    """How many items from ``i`` and ``j`` on are the same: by ever longer stretches, then by halves."""
    found, step = 0, 1
    end = min(len(one) - i, len(other) - j)
    while found < end and one[i + found : i + found + step] == other[j + found : j + found + step]:
        found += step
        step *= 2
    if found >= end:
        return end
    while step > 1:
        step //= 2
        if one[i + found : i + found + step] == other[j + found : j + found + step]:
            found += step
    return found


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
