"""Whether the person at the desk still has a place there: disabling somebody ends their session (RELIABILITY §6, 7.4.2),
and a changed role, changed branches and a new day come in without leaving the app."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from boxes_tui.clock import monotonic
from boxes_tui.errors import Refused

if TYPE_CHECKING:
    from boxes_tui.bootstrap import House

LOOK_SECONDS = 1.0
"""How often it asks whether anything was committed."""
AGE_SECONDS = 20.0
"""How often the session is read anew without a commit: midnight makes none."""


async def keep_standing(
    house: House, background: Callable[..., Awaitable[Any]], leave: Callable[[Refused], None]
) -> None:
    """Read the session anew while the app lives; ``leave`` is called once, when it is refused."""
    seen, at = house.changes.count, monotonic()
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        count = house.changes.count
        if count == seen and monotonic() - at < AGE_SECONDS:
            continue
        seen, at = count, monotonic()
        try:
            await background(house.refresh)
        except Refused as error:
            leave(error)
            return
        except Exception:  # the reads of the screen tell that the database does not answer
            continue
