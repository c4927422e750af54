from pathlib import Path

import pytest

from tunesmith.lifecycle.cache_folder import user_cache


def test_the_named_folder_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TUNESMITH_CACHE", str(tmp_path / "named"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert user_cache().folder == tmp_path / "named"
    monkeypatch.setenv("TUNESMITH_CACHE", "")
    assert user_cache().folder == tmp_path / "caches" / "tunesmith"


def test_otherwise_it_is_among_the_users_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TUNESMITH_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_cache().folder == tmp_path / ".cache" / "tunesmith"
