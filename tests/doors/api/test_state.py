"""What requests share does not show its secrets."""

from tunesmith.doors.api.state import State


def test_the_key_is_never_shown() -> None:
    state = State({}, None, api_key="sesame")
    assert "sesame" not in repr(state)
    assert state.api_key == "sesame"
