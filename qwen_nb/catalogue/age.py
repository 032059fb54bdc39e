"""How old a price is: a price list that was not checked for long may not hold any more."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

OLD_DAYS = 180
"""Days after which a price is marked."""

_DATE = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d))?", re.ASCII)


def is_old(price_date: str, today: date) -> bool:
    """Whether a price is older than 180 days.

    Parameters
    ----------
    price_date : str
        As the table has it: `2026-07-01`, or `2026-07`, which counts from the last day of
        that month. Of any other text nothing is known, so it is not old.
    today : datetime.date
        The day to reckon from.
    """
    found = _DATE.fullmatch(price_date)
    if found is None:
        return False
    year, month = int(found[1]), int(found[2])
    try:
        day = int(found[3]) if found[3] else calendar.monthrange(year, month)[1]
        return today - date(year, month, day) > timedelta(days=OLD_DAYS)
    except ValueError:  # the table names a day that does not exist
        return False
