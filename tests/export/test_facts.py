from trained_models import facts_of_a_run
from tunesmith.export.facts import PROBES


def test_probes_are_prompts_that_every_template_takes() -> None:
    assert facts_of_a_run().probes == PROBES
    assert len(PROBES) == 4
    for prompt in PROBES:
        roles = [message.role for message in prompt]
        assert roles == ["user", "assistant"] * (len(prompt) // 2) + ["user"]


def test_probes_fit_into_the_smallest_context() -> None:
    assert all(sum(len(turn.content.encode()) for turn in prompt) < 64 for prompt in PROBES)
