"""UTC days and months of instants (docs/spec/bucket-and-lease.md, "Numbers").

Months are counted in the proleptic Gregorian calendar for any instant, not only for the years that a
library of dates allows.
"""

DAY_MS = 86_400_000

# The calendar repeats after 400 years. Counted from 1 March, a leap day ends its year.
DAYS_OF_400_YEARS = 146_097
DAYS_TO_EPOCH = 719_468  # from 1 March of the year 0 to 1 January 1970


def month_of_day(day: int) -> int:
    """The month (12 × year + month − 1) that holds a day, counted in days since the Unix epoch."""
    cycle, day = divmod(day + DAYS_TO_EPOCH, DAYS_OF_400_YEARS)
    year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    day_of_year = day - (365 * year + year // 4 - year // 100)
    months_since_march = (5 * day_of_year + 2) // 153
    return 12 * (400 * cycle + year) + months_since_march + 2


def first_day_of_month(month: int) -> int:
    """The first day of a month, in days since the Unix epoch."""
    year, months_since_march = divmod(month - 2, 12)
    day_of_year = (153 * months_since_march + 2) // 5
    leap_days = year // 4 - year // 100 + year // 400
    return 365 * year + leap_days + day_of_year - DAYS_TO_EPOCH


def start_of(per: str, instant: int) -> int:
    """The first instant of the period that holds this one; `total` began before everything."""
    if per == "day":
        return instant // DAY_MS * DAY_MS
    if per == "month":
        return first_day_of_month(month_of_day(instant // DAY_MS)) * DAY_MS
    return 0


def next_of(per: str, instant: int) -> int | None:
    """The first instant of the next period, or None after `total`."""
    if per == "day":
        return (instant // DAY_MS + 1) * DAY_MS
    if per == "month":
        return first_day_of_month(month_of_day(instant // DAY_MS) + 1) * DAY_MS
    return None
