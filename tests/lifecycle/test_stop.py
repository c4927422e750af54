from tunesmith.lifecycle.stop import never


def test_nobody_asks_to_stop_by_default() -> None:
    assert not never()
