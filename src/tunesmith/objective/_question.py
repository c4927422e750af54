"""A row as a question that is answered by a head: what stands before the answer, worth as much as the row."""

from dataclasses import replace

from tunesmith.core.cards import Chat, Encoded
from tunesmith.core.errors import BadData
from tunesmith.core.example import Example


def question(example: Example, chat: Chat, second: str | None) -> Encoded:
    """Render the prompt, and the text in the column `second`; the row's worth stands at its first token.

    Raises BadData for a row without that column.
    """
    other = ""
    if second is not None:
        other = str(example.fields.get(second) or "")
        if not other:
            known = ", ".join(example.fields) or "none"
            raise BadData(f"The row has no text in the column {second!r}. Columns that are left: {known}.")
    found = chat.encode_question(example.prompt, other)
    weights = found.weights[:]
    weights[0] = 1.0
    return replace(found, weights=weights)
