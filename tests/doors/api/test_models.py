"""The models that can be asked are listed and found by name."""

import openai
import pytest


def test_models_are_listed_and_found(server) -> None:
    (listed,) = server.client.models.list().data
    assert (listed.id, listed.object, listed.owned_by) == ("tiny-llama", "model", "tunesmith")
    assert server.client.models.retrieve("tiny-llama") == listed


@pytest.mark.parametrize("name", ["tiny", "org/name", "ft:a:b", "é"])
def test_an_unknown_model_is_not_found(server, name: str) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        server.client.models.retrieve(name)
    assert caught.value.type == "invalid_request_error"


def test_a_name_with_a_slash_is_one_name(server) -> None:
    with pytest.raises(openai.NotFoundError, match="no model 'org/name'") as caught:
        server.client.models.retrieve("org/name")
    assert caught.value.code == "model_not_found"
