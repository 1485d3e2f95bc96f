"""Every table, by room of the schema; import names from here."""

from boxes_tui.data.tables._base import metadata as metadata
from boxes_tui.data.tables.desk import *  # noqa: F403
from boxes_tui.data.tables.dms import *  # noqa: F403
from boxes_tui.data.tables.dms_people import *  # noqa: F403
from boxes_tui.data.tables.outreach import *  # noqa: F403
from boxes_tui.data.tables.sync import *  # noqa: F403
from boxes_tui.data.tables.system import *  # noqa: F403
