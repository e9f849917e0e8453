"""Which columns of a table are features, in which order, and which one is the label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from penstock.recordio.files.errors import FilesError

LABEL = "label"
NO_LABEL = "none"
SHOWN = 20  # names in a message


@dataclass(frozen=True)
class Columns:
    """The columns of a file by number, from 0; `names` are those of all, where it has any."""

    count: int
    features: tuple[int, ...]
    label: int | None
    names: tuple[str, ...] | None = None

    @property
    def chosen(self) -> list[int]:
        """All that are read: the features in their order, then the label."""
        return [*self.features, *([] if self.label is None else [self.label])]

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """In order; None if the file has no names."""
        return None if self.names is None else tuple(self.names[at] for at in self.features)

    @property
    def label_name(self) -> str | None:
        """None if the file has no names or no label is taken."""
        return None if self.names is None or self.label is None else self.names[self.label]

    def words(self, column: int) -> str:
        """A column of the file, for messages."""
        return f"column {column}" + (f" ({self.names[column]})" if self.names else "")


def choose(
    count: int,
    names: Sequence[str] | None,
    *,
    label: str | None,
    features: Sequence[str],
    first_is_label: bool,
) -> Columns:
    """The columns that are asked for, by name or by number.

    `label` is a name, a number from 0 (negative ones count from the end), "none", or None: then
    the column named "label", else the first one if `first_is_label`, else there is none.
    `features` are names, numbers and ranges of numbers ("2-9"), in the order of the features;
    without any they are all columns except the label.

    Raises:
        FilesError: there is no such column, or nothing is left for the features.
    """
    label_at = _label(count, names, label, first_is_label)
    if features:
        chosen = [at for asked in features for at in _asked(count, names, asked, "--features")]
    else:
        chosen = [at for at in range(count) if at != label_at]
    if label_at in chosen and label is None:
        label_at = None  # nobody asked for it as a label, and as a feature it was asked for
    if label_at in chosen:
        raise FilesError(f"the label, column {label_at}, is among the features: leave it out there")
    if not chosen:
        raise FilesError(f"no column is left for the features: {_there_are(count, names)}")
    if len(set(chosen)) < len(chosen):
        raise FilesError("a column stands twice in --features")
    return Columns(count, tuple(chosen), label_at, None if names is None else tuple(names))


def _label(
    count: int, names: Sequence[str] | None, label: str | None, first_is_label: bool
) -> int | None:
    if label == NO_LABEL:
        return None
    if label is not None:
        (found,) = _asked(count, names, label, "--label", single=True)
        return found
    if names is not None and LABEL in names:
        return names.index(LABEL)
    return 0 if first_is_label else None


def _asked(
    count: int, names: Sequence[str] | None, asked: str, option: str, *, single: bool = False
) -> list[int]:
    if names is not None and asked in names:
        if list(names).count(asked) > 1:
            raise FilesError(f"{option} {asked}: several columns have that name, give its number")
        return [list(names).index(asked)]
    try:
        first, dash, last = asked.partition("-") if asked[:1] != "-" else (asked, "", "")
        begin = int(first)
        numbers = list(range(begin, int(last) + 1)) if dash and not single else [int(asked)]
    except ValueError:
        numbers = []
    places = [number + count if number < 0 else number for number in numbers]
    if not places or not all(0 <= place < count for place in places):
        raise FilesError(f"{option} {asked}: there is no such column: {_there_are(count, names)}")
    return places


def _there_are(count: int, names: Sequence[str] | None) -> str:
    if names is None:
        return f"there are {count} columns, 0 to {count - 1}" if count > 1 else "there is one, 0"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"there are {', '.join(names[:SHOWN])}{more}"
