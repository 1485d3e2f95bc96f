"""What charts and figures share: a cursor over keys, and ``Enter`` that opens the rows behind one."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message
from textual.widget import Widget


class Picker(Widget, can_focus=True):
    """Keys in a row. The arrows named in ``BACK`` and ``ON`` move the cursor; at either end the key goes on to the
    screen, which moves to the next picker."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Picker { background: transparent; }"
    BACK: frozenset[str] = frozenset({"up", "k"})
    ON: frozenset[str] = frozenset({"down", "j"})

    class Highlighted(Message):
        """The cursor stands on another key."""

        def __init__(self, picker: Picker, key: str) -> None:
            super().__init__()
            self.picker, self.key = picker, key

        @property
        def control(self) -> Picker:
            """The picker."""
            return self.picker

    class Chosen(Highlighted):
        """``Enter`` or a click: open the rows of ``key``."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._keys: list[str] = []
        self.cursor: str | None = None

    def set_keys(self, keys: Sequence[str]) -> None:
        """The keys in order; the cursor stays where its key is still there."""
        self._keys = list(keys)
        if self.cursor not in self._keys:
            self.cursor = self._keys[0] if self._keys else None
        self.refresh()

    def go_to(self, key: str) -> None:
        """Put the cursor on a key."""
        if key in self._keys and key != self.cursor:
            self.cursor = key
            self.refresh()
            self.post_message(self.Highlighted(self, key))

    def pick(self, key: str) -> None:
        """Go to a key and open its rows."""
        self.go_to(key)
        self.post_message(self.Chosen(self, key))

    def on_key(self, event: events.Key) -> None:
        """Movement and ``Enter``."""
        if event.key == "enter" and self.cursor is not None:
            self.pick(self.cursor)
        elif event.key in self.BACK | self.ON and self.cursor is not None:
            place = self._keys.index(self.cursor) + (1 if event.key in self.ON else -1)
            if not 0 <= place < len(self._keys):
                return
            self.go_to(self._keys[place])
        else:
            return
        event.stop()
        event.prevent_default()

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()
