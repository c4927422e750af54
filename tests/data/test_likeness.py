"""What decides in an audit that rows are alike decides in cleaning, too."""

import pytest
from pydantic import TypeAdapter, ValidationError

from tunesmith.data.check.contamination import Contamination
from tunesmith.data.check.near_duplicates import NearDuplicates
from tunesmith.data.cleaner.decontaminate import Decontaminate
from tunesmith.data.likeness import Contained, Similarity


def test_a_check_and_the_cleaner_that_is_its_remedy_agree():
    check, cleaner = Contamination(), Decontaminate()
    assert (check.similarity, check.contained) == (cleaner.similarity, cleaner.contained)
    assert NearDuplicates().similarity == check.similarity


@pytest.mark.parametrize("kind", [Similarity, Contained])
def test_less_than_half_is_not_alike(kind):
    assert TypeAdapter(kind).validate_python(0.5) == 0.5
    for share in (0.49, 1.01):
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(share)
