"""How an estimate of the cost of preparing clips is printed."""

from keras_twostream.cli.output import print_json, print_table
from keras_twostream.preparation.costs import Estimate, Row

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_COLUMNS = (
    "flow",
    "stored as",
    "core time",
    "with {workers}",
    "size",
    "per hour of video",
    "error RMSE",
    "99.9 %",
)


def print_estimate(found: Estimate, as_json: bool = False) -> None:
    """Prints what preparing clips will cost, as a table or as JSON.

    Args:
        found: Of `preparation.estimate.estimate`.
        as_json: Whether to print JSON.
    """
    if as_json:
        print_json(found.to_dict())
        return
    workers = found.workers
    crew = f"{workers} worker{'s' if workers > 1 else ''}"
    whole = found.extent
    print_table(
        [title.format(workers=crew) for title in _COLUMNS],
        [_cells(row) for row in found.rows],
        f"{whole.clips} clips, {duration(whole.seconds)} of video, "
        f"{whole.frames:,.0f} frames by their headers",
    )
    print(_spread(found.rows))
    for path, reason in found.unreadable:
        print(f"Cannot be used: {path}: {reason}")


def duration(seconds: float) -> str:
    """Returns a time as text: seconds, minutes or hours."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    if seconds < 7200:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:,.1f} h"


def size(count: float) -> str:
    """Returns a number of bytes as text, in powers of 1000."""
    power = 0
    while count >= 999.5 and power < len(_UNITS) - 1:
        count, power = count / 1000, power + 1
    return f"{count:.3g} {_UNITS[power]}"


def _cells(row: Row) -> list[str]:
    spec = row.spec
    flow = spec.algorithm
    if spec.camera != "keep":
        flow += f", {spec.camera}"
    stored = spec.encoding
    if spec.shrink > 1:
        stored += f", 1/{spec.shrink}"
    return [
        flow,
        stored,
        duration(3600 * row.core_hours),
        duration(3600 * row.wall_hours),
        size(row.bytes),
        size(row.bytes_per_hour),
        f"{row.rmse:.3f} px",
        f"{row.p999:.2f} px",
    ]


def _spread(rows: tuple[Row, ...]) -> str:
    """Returns how far off the figures may be."""
    tried = [row.sampled for row in rows]
    clips = f"{max(tried)}"
    if min(tried) < max(tried):
        clips = f"{min(tried)} to {max(tried)}"
    times = _largest(row.time_spread for row in rows)
    sizes = _largest(row.size_spread for row in rows)
    return (
        f"By a look at {clips} clips: times to within {times}, sizes to "
        f"within {sizes} (two standard errors). Times are of this machine as "
        "busy as it is now; errors are of u and v as they are read back, in "
        "pixels of the stored frames."
    )


def _largest(spreads) -> str:
    known = [spread for spread in spreads if spread is not None]
    return f"{100 * max(known):.0f} %" if known else "nobody knows what"
