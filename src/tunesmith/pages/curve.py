"""The loss curve alone, as a piece of HTML that can stand in any page without touching it."""

from collections.abc import Sequence

from tunesmith.core.cards import Step, Validation
from tunesmith.pages.chart import WIDTHS, loss_chart
from tunesmith.pages.markup import style, template


def render_curve(steps: Sequence[Step], validations: Sequence[Validation], best_step: int | None) -> str:
    """Draw the report's loss curve in a frame of its own: no script, nothing loaded, no style leaks out."""
    from markupsafe import Markup  # comes with jinja2

    loss = {size: loss_chart(steps, validations, best_step, width) for size, width in WIDTHS.items()}
    page = template("curve.html").render(
        style=Markup(style()), loss=loss, steps=steps, validations=validations, best_step=best_step
    )
    return template("frame.html").render(page=page, title="Loss while training")
