"""A mutant of the app: drafts saved every two seconds instead of at every key. The kill test has to catch it."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

from boxes_tui.__main__ import main
from boxes_tui.data.drafts import Journal

_save = Journal.save
_latest: dict[tuple[str, str, str], tuple[Journal, Any]] = {}


def _later(self: Journal, login: str, form: str, ref: str, values: Any) -> bool:
    _latest[login, form, ref] = self, dict(values)
    return True


def _flush() -> None:
    while True:
        time.sleep(2)
        for (login, form, ref), (journal, values) in list(_latest.items()):
            _save(journal, login, form, ref, values)


if __name__ == "__main__":
    Journal.save = _later  # type: ignore[method-assign]
    threading.Thread(target=_flush, daemon=True).start()
    sys.exit(main())
