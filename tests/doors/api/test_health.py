"""Health is told truthfully: an answer whose trace was lost shows."""

from tunesmith.core.cards import Model
from tunesmith.core.errors import DiskFull
from tunesmith.core.service import Trace
from tunesmith.generation.backend.echo import Echo


def test_a_healthy_server_says_so(server) -> None:
    assert server.http.get("/health").json() == {"status": "ok", "untraced": 0}


def test_a_trace_that_could_not_be_kept_shows(start, tiny_model: Model) -> None:
    def full(trace: Trace) -> None:
        raise DiskFull("No room left.")

    server = start(Echo())
    server.service.record = full
    question = [{"role": "user", "content": "Hi"}]
    answer = server.client.chat.completions.create(model="tiny-llama", messages=question)
    assert answer.choices[0].message.content == "Hi"
    assert server.http.get("/health").json() == {"status": "degraded", "untraced": 1}
