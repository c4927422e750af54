from dataclasses import replace

import pytest

from natural_rows import labelled
from planted_rows import row
from tunesmith.core.errors import BadOption
from tunesmith.data.classes import check, classes, values

ROW = replace(labelled("text", "b", "a"), fields={"shop": "Kiel", "sizes": [2, 1], "none": None})


def test_labels_are_classes_and_a_number_to_predict_is_none():
    assert classes(ROW) == ("b", "a")
    assert classes(replace(labelled("text", "1.5"), value=1.5)) == ()


def test_rows_have_values_by_label_by_answer_and_by_column():
    assert values(ROW, "label", None) == ("b", "a")
    assert values(row("?", "No  IDEA"), "answer", None) == ("no idea",)
    assert values(ROW, "column", "shop") == ("Kiel",)
    assert values(ROW, "column", "sizes") == ("[2, 1]",)
    assert values(ROW, "column", "none") == values(ROW, "column", "other") == ()


def test_a_column_is_named_exactly_where_it_is_looked_at():
    check("cleaner.cap", "label", None)
    check("cleaner.cap", "column", "shop")
    with pytest.raises(BadOption, match=r"cleaner.cap.column: by=column needs the name of one"):
        check("cleaner.cap", "column", None)
    with pytest.raises(BadOption, match=r"by=answer looks at no column. Remove it, or use by=column"):
        check("cleaner.cap", "answer", "shop")
