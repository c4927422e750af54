import json

import pytest

from tunesmith.doors.cli.command import COMMANDS, command, say, show


def test_a_declared_function_is_a_command_and_stays_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(COMMANDS, "sing", raising=False)

    @command("sing")
    def sing() -> None:
        """Sing."""

    monkeypatch.delitem(COMMANDS, "sing")
    assert sing.__name__ == "sing"


def test_a_result_is_lines_for_people_and_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    show(["one", "two"], {"number": 1}, as_json=False)
    assert capsys.readouterr().out == "one\ntwo\n"
    show(["one", "two"], {"text": "«é»"}, as_json=True)
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"text": "«é»"}
    assert "«é»" in printed


def test_talk_goes_where_it_spoils_no_result(capsys: pytest.CaptureFixture[str]) -> None:
    say("loading")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "loading\n")
