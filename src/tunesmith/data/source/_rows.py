"""Turn the columns of one row into an example, or refuse it by name."""

from tunesmith.core.example import Example, Place
from tunesmith.data.source._columns import check_watched
from tunesmith.data.source._names import Row
from tunesmith.data.source._refused import check_kept
from tunesmith.data.source._shape import Shape


def example(shape: Shape, row: Row, place: Place) -> Example:
    """Read one row as its file's shape says; raises Refused.

    Columns that nothing is learned from are kept in `fields`, those among them that the first row did not
    have. One whose name says that it changes what is learned is read where it can be, and refused otherwise.
    """
    if row.keys() != shape.known:
        shape = shape.fitted(row)
    if shape.watched:
        check_watched(shape, row)
    others = shape.others
    found = shape.layout.read(shape, row, place, {name: row[name] for name in others} if others else {})
    check_kept(found.fields)
    return found
