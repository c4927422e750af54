"""The app is put together for this machine alone, and has no pages that load scripts from elsewhere."""

import pytest

from tunesmith.core.errors import BadOption
from tunesmith.doors.api.address import take_address
from tunesmith.doors.api.annotate.app import create_annotation_app


def test_an_address_that_others_can_reach_is_refused():
    address = take_address("0.0.0.0", port=0, api_key="sesame")
    with address.listener, pytest.raises(BadOption, match="for this machine alone"):
        create_annotation_app(None, "token", address)  # type: ignore[arg-type]  # it is not looked at


def test_there_are_no_other_pages(page):
    for path in ("/docs", "/redoc", "/openapi.json", "/favicon.ico", "/page/", "/api/claims/1", "/v1/models"):
        assert page.http.get(path).status_code == 404, path


def test_a_damaged_project_is_named(page):
    page.store.database.path.unlink()
    page.store.close()
    page.store.database.path.write_text("no database " * 50)
    reply = page.http.get("/api/project")
    assert reply.status_code == 500
    assert "no project that can be read" in reply.json()["error"]["message"]
