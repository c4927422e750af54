"""People annotate in a real browser, by keyboard alone: nothing is lost, nothing in the data runs."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from annotation_page import TOKEN, Served, serving
from annotation_projects import answered, pair, settings, text
from tunesmith.core.example import BadRow, Example, Message, Place
from tunesmith.data.annotation.project import Suggestion
from tunesmith.data.annotation.turns import Turns
from tunesmith.data.source.annotations import Annotations

PAYLOADS = (
    "<script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 2'>",
    '"><svg onload=window.ran=3>',
    "javascript:window.ran=4",
    "</textarea></div><iframe srcdoc='<script>parent.ran=5</script>'>",
    "{{constructor.constructor('window.ran=6')()}}${window.ran=7}",
    "<a href=http://evil.example/x>x</a><link rel=stylesheet href=//evil.example/y>",
    "<style>@import 'http://evil.example/z'</style>\u202e\u0007\u2028",
)


TAGS = "script, iframe, svg, img, a, style, link"
ATTRIBUTES = """[...document.querySelectorAll('*')].flatMap(element => [...element.attributes])
    .filter(attribute => /^on|href|src/.test(attribute.name)).map(attribute => attribute.value)"""
NAMELESS = """[...document.querySelectorAll('button, input, textarea, progress, [role=group]')]
    .filter(element => !(element.innerText || element.labels?.length || element.ariaLabel
        || element.getAttribute('aria-labelledby') || element.closest('dialog:not([open])')))
    .map(element => element.outerHTML)"""


class Person:
    """Somebody at a keyboard, in a browser of their own."""

    def __init__(self, browser: Any, link: str, name: str, **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1100, "height": 800}, **options)
        self.tab = self.context.new_page()
        self.problems: list[str] = []
        self.asked: list[str] = []
        self.tab.on("pageerror", lambda error: self.problems.append(str(error)))
        self.tab.on("dialog", lambda dialog: self.problems.append(dialog.message))
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.goto(link)
        self.tab.wait_for_selector("#name-dialog[open]")
        self.types(name)
        self.presses("Enter")
        self.sees(name, "#name")

    def presses(self, *keys: str) -> None:
        for key in keys:
            self.tab.keyboard.press(key)

    def types(self, words: str) -> None:
        self.tab.keyboard.type(words)

    def sees(self, words: str, where: str = "main") -> None:
        """Wait until the words are there."""
        self.tab.wait_for_function(
            "([where, words]) => document.querySelector(where)?.innerText.includes(words)",
            arg=[where, words],
            timeout=20_000,
        )

    def answers(self, key: str, before: str) -> None:
        """Press a key for the row that shows a text, and wait until it is confirmed and another is there."""
        self.sees(before)
        self.presses(key)
        self.tab.wait_for_function(
            "words => !document.querySelector('.turns')?.innerText.includes(words)", arg=before
        )
        self.sees("All kept", "#state")

    def flags(self, note: str, before: str) -> None:
        """Flag the row that shows a text, with a note."""
        self.sees(before)
        self.presses("f")
        self.tab.wait_for_selector("#flag-dialog[open]")
        self.types(note)
        self.answers("Enter", before)

    def row(self) -> str:
        self.tab.wait_for_selector(".turns .text")
        return str(self.tab.inner_text(".turns .text"))

    def leave(self) -> None:
        self.context.close()


Come = Callable[..., Person]


@pytest.fixture
def come(browser: Any) -> Iterator[Come]:
    """Give what lets somebody in; nobody may have had a problem, or asked another site for anything."""
    here: list[tuple[Person, str]] = []

    def enter(served: Served, name: str, **options: Any) -> Person:
        here.append((Person(browser, served.link, name, **options), served.url))
        return here[-1][0]

    yield enter
    for person, url in here:
        assert person.problems == []
        assert len(person.asked) > 5
        assert [address for address in person.asked if not address.startswith(url)] == []
        person.leave()


def test_labels_undo_skip_and_flag_by_keyboard_alone(come: Come, tmp_path: Path) -> None:
    with serving(tmp_path / "p.sqlite") as served:
        ann = come(served, "Ann")
        first = ann.row()
        ann.answers("1", first)
        second = ann.row()
        ann.answers("3", second)
        ann.presses("u")  # it was the wrong key
        ann.sees(second)
        assert ann.tab.get_attribute(".label.marked", "aria-pressed") == "true"
        ann.answers("2", second)
        skipped = ann.row()
        ann.answers("s", skipped)
        flagged = ann.row()
        ann.flags("half a sentence", flagged)
        last = ann.row()
        ann.answers("1", last)
        ann.sees("Nothing for you right now")
        ann.sees("3 of 5 rows, 3 by you", "#progress-words")
        ann.sees("Settle 1", "#settle-button")
        kept = {task.row.text: (one.kind, one.value, one.note) for task, (one,) in served.store.standing()}
    assert kept == {
        first: ("labels", ["praise"], ""),
        second: ("labels", ["complaint"], ""),
        skipped: ("skip", None, ""),
        flagged: ("flag", None, "half a sentence"),
        last: ("labels", ["praise"], ""),
    }


def test_the_next_person_in_the_same_browser_gets_rows_too(come: Come, tmp_path: Path) -> None:
    with serving(tmp_path / "p.sqlite") as served:
        ann = come(served, "Ann")
        for _ in range(5):
            ann.answers("1", ann.row())
        ann.sees("All done")
        ann.tab.click("#name-button")
        ann.types("Bob")
        ann.presses("Enter")
        ann.answers("2", ann.row())
        ann.sees("5 of 5 rows, 1 by you", "#progress-words")
        people = [one.annotator for _, said in served.store.standing() for one in said]
    assert sorted(people) == ["Ann"] * 5 + ["Bob"]


def test_the_page_asks_for_a_name_until_there_is_one(come: Come, tmp_path: Path) -> None:
    with serving(tmp_path / "p.sqlite") as served:
        ann = come(served, "Ann")
        ann.tab.evaluate("localStorage.clear()")
        ann.tab.reload()
        for _ in range(3):
            ann.tab.wait_for_selector("#name-dialog[open]")
            ann.presses("Escape")
        ann.tab.wait_for_selector("#name-dialog[open]")
        ann.types("Bob")
        ann.presses("Enter")
        ann.sees("Bob", "#name")
        assert ann.row()


def test_two_people_agree_and_disagree_see_how_far_and_settle_it(come: Come, tmp_path: Path) -> None:
    with serving(tmp_path / "p.sqlite", map(text, range(4))) as served:
        ann, bob = come(served, "Ann"), come(served, "Bob")
        opinions = {"number 0": "12", "number 1": "11", "number 2": "33", "number 3": "1f"}
        for place, person in enumerate((ann, bob)):
            for _ in opinions:
                shown = person.row()
                key = next(keys[place] for words, keys in opinions.items() if words in shown)
                if key == "f":
                    person.flags("cut off", shown)
                else:
                    person.answers(key, shown)
        bob.sees("4 of 4 rows, 3 by you", "#progress-words")
        bob.presses("a")
        bob.sees("Ann and Bob", "#agreement-content")
        said = " ".join(bob.tab.inner_text("#agreement-content").split())
        assert "Rows done by two or more 3 Said the same 67 %" in said
        assert "Krippendorff's alpha (nominal)" in said
        bob.presses("Escape")
        bob.sees("Settle 2", "#settle-button")
        bob.presses("d")
        bob.sees("number 0")
        assert bob.tab.inner_text(".opinions").split("\n")[1:] == ["Ann: praise", "Bob: complaint"]
        bob.answers("2", "number 0")
        bob.sees("Bob flagged it: cut off")
        bob.answers("s", "number 3")
        bob.sees("Nothing to settle")
    rows = list(Annotations(path=tmp_path / "p.sqlite").read())
    assert [row for row in rows if isinstance(row, BadRow)] == []
    found = {
        row.prompt[0].content: (row.labels, row.fields["agreement"])
        for row in rows
        if isinstance(row, Example)
    }
    assert found == {
        "Row number 0.": (("complaint",), 0.5),
        "Row number 1.": (("praise",), 1.0),
        "Row number 2.": (("question",), 1.0),
    }


def test_many_labels_are_filtered_by_typing(come: Come, tmp_path: Path) -> None:
    labels = tuple(
        f"{kind}_{what}"
        for kind in ("card", "cash", "transfer", "refund")
        for what in ("arrival", "fee", "limit", "née")
    )
    with serving(tmp_path / "p.sqlite", asked=settings(labels=labels, overlap=0.0)) as served:
        Turns(served.store, 0.0).suggest(
            [
                Suggestion(n, ["cash_fee"], "linear", 0.9, (("cash_fee", 0.9), ("card_fee", 0.1)))
                for n in range(1, 6)
            ]
        )
        ann = come(served, "Ann")
        ann.row()
        assert ann.tab.evaluate("document.activeElement.id") == "filter"
        assert ann.tab.inner_text(".label >> nth=0").split() == ["1", "cash_fee", "90", "%"]
        ann.answers("Enter", ann.row())  # what is suggested
        ann.answers("2", ann.row())  # the second of the likely ones
        shown = ann.row()
        ann.types("nee ref")
        ann.sees("1 of 16 labels")
        ann.answers("Enter", shown)
        shown = ann.row()
        ann.types("transfer")
        ann.presses("ArrowDown", "ArrowDown")
        ann.answers("Enter", shown)
        shown = ann.row()
        ann.types("cash")
        ann.presses("Escape", "Escape", "s")  # empties the filter, leaves it, skips
        ann.sees("Nothing for you right now")
        ann.presses("?")
        ann.sees("skip the row", "#keys-list")
        ann.presses("Escape")
        assert [
            one.value for _, said in served.store.standing() for one in said if one.kind == "labels"
        ] != []
        said = sorted(
            one.value[0] for _, said in served.store.standing() for one in said if one.kind == "labels"
        )
        assert said == ["card_fee", "cash_fee", "refund_née", "transfer_limit"]


def test_several_labels_are_chosen_and_kept_together(come: Come, tmp_path: Path) -> None:
    with serving(tmp_path / "p.sqlite", [text(1)], settings(multiple=True)) as served:
        ann = come(served, "Ann")
        ann.row()
        ann.presses("Enter")  # nothing is chosen yet
        ann.sees("Choose at least one label.", "#announcement")
        ann.presses("3", "1", "2", "2", "Enter")
        ann.sees("All done")
        ((_, [said]),) = served.store.standing()
        assert said.value == ["praise", "question"]


def test_a_pair_is_ranked_with_one_key(come: Come, tmp_path: Path) -> None:
    with serving(
        tmp_path / "p.sqlite", [pair(1), pair(2), pair(3)], settings("ranking", overlap=0.0)
    ) as served:
        ann = come(served, "Ann")
        for key in ("1", "ArrowRight", "t"):
            ann.answers(key, ann.row())
        ann.sees("All done")
        orders = [one.value["order"] for _, said in served.store.standing() for one in said]
    assert sorted(map(str, orders)) == ["[[0, 1]]", "[[0], [1]]", "[[1], [0]]"]
    better = {
        row.reference for row in Annotations(path=tmp_path / "p.sqlite").read() if isinstance(row, Example)
    }
    assert better == {"In the post.", "Nowhere."}


def test_answers_are_accepted_corrected_and_written_and_a_draft_survives_a_reload(
    come: Come, tmp_path: Path
) -> None:
    rows = [answered(1), answered(2), Example(Place("rows.jsonl", 9), (Message("user", "And order 3?"),))]
    with serving(tmp_path / "p.sqlite", rows, settings("answers", overlap=0.0)) as served:
        turns = Turns(served.store, 0.0)
        turns.suggest([Suggestion(2, "On its way.", "tiny")])
        turns.rank([1, 2, 3])
        ann = come(served, "Ann")
        ann.answers("Enter", "order 1")  # as it is
        ann.sees("suggested by tiny")
        ann.presses("2", "e")  # what the model suggests, corrected
        ann.types(" It comes today.")
        ann.presses("Control+Enter")
        ann.sees("And order 3?")
        assert ann.tab.evaluate("document.activeElement.id") == "answer"  # there is nothing to accept
        ann.types("Lost, I am sorry.\ns u f")  # letters are letters here
        ann.tab.reload()
        ann.sees("And order 3?")
        assert ann.tab.input_value("#answer") == "Lost, I am sorry.\ns u f"
        ann.presses("Control+Enter")
        ann.sees("All done")
        said = {
            task.number: (one.kind, one.value, one.suggested)
            for task, several in served.store.standing()
            for one in several
        }
    assert said == {
        1: ("corrected", "In the post.", None),
        2: ("corrected", "On its way. It comes today.", "On its way."),
        3: ("written", "Lost, I am sorry.\ns u f", None),
    }


@pytest.mark.parametrize(
    ("row", "asked", "choices"),
    [
        (text(1), settings(multiple=True), ".label"),
        (answered(1), settings("answers"), ".offer h3 button"),
        (pair(1), settings("ranking"), ".offer h3 button"),
    ],
)
def test_whoever_goes_from_button_to_button_can_choose_and_keeps_their_place(
    come: Come, tmp_path: Path, row: Example, asked: Any, choices: str
) -> None:
    with serving(tmp_path / "p.sqlite", [row], asked) as served:
        Turns(served.store, 0.0).suggest([Suggestion(1, "On its way.", "tiny")] * (asked.work == "answers"))
        ann = come(served, "Ann")
        ann.row()
        second = ann.tab.locator(choices).nth(1)
        second.focus()
        ann.presses("Space")
        if asked.work == "ranking":  # of two answers, the better one is all there is to say
            ann.sees("All done")
            ((_, [said]),) = served.store.standing()
            assert said.value["order"] == [[1], [0]]
        else:
            assert second.get_attribute("aria-pressed") == "true"
            assert ann.tab.evaluate("document.activeElement.value") == second.get_attribute("value")


def test_an_answer_is_rated(come: Come, tmp_path: Path) -> None:
    with serving(tmp_path / "p.sqlite", [answered(1)], settings("ratings", highest=3)) as served:
        ann = come(served, "Ann")
        ann.row()
        ann.presses("5")  # there is no 5
        ann.answers("2", "Where is order 1?")
        ((_, [said]),) = served.store.standing()
        assert (said.value, said.seconds >= 0) == (2, True)


def test_nothing_is_lost_with_the_connection_and_the_page_says_so(come: Come, tmp_path: Path) -> None:
    place = tmp_path / "p.sqlite"
    with serving(place) as served:
        ann = come(served, "Ann")
        shown = ann.row()
        ann.sees("5 rows", "#progress-words")
    ann.presses("2")
    ann.sees("No connection to the server. 1 annotation waits here and will be sent.", "#state")
    ann.presses("u")
    ann.sees("Undo has to wait until the connection is back.", "#notice")
    with serving(place, port=served.port, token="another token, as after every start") as again:
        ann.sees("Open the link that the command printed", "#state")
        assert list(again.store.standing()) == []
    with serving(place, port=served.port) as again:
        ann.sees("All kept", "#state")
        ((task, [said]),) = again.store.standing()
        assert (task.row.text, said.value) == (shown, ["complaint"])
        ann.sees("Row number")  # it goes on by itself
        assert ann.row() != shown


def test_what_waited_is_sent_also_by_a_page_that_was_closed_meanwhile(come: Come, tmp_path: Path) -> None:
    place = tmp_path / "p.sqlite"
    with serving(place) as served:
        ann = come(served, "Ann")
        shown = ann.row()
    ann.presses("2")
    ann.sees("1 annotation waits", "#state")
    ann.tab.close()
    with serving(place, port=served.port) as again:
        ann.tab = ann.context.new_page()
        ann.tab.goto(again.link)
        ann.sees("1 of 5 rows, 1 by you", "#progress-words")  # the name is not asked again
        ((task, [said]),) = again.store.standing()
    assert (task.row.text, said.value, said.annotator) == (shown, ["complaint"], "Ann")


def test_nothing_in_the_data_runs_wherever_it_is_shown(come: Come, tmp_path: Path) -> None:
    everything = " ".join(PAYLOADS)
    rows = [Example(Place(f"{everything}.csv", number), text=f"{everything} {number}") for number in (1, 2)]
    asked = settings(labels=PAYLOADS, title=everything[:200], guidelines=everything, overlap=1.0)
    with serving(tmp_path / "p.sqlite", rows, asked) as served:
        served.store.add(rows, asked, {f"{row.place.file}:{row.place.line}": everything for row in rows})
        likely = tuple((payload, 0.1) for payload in PAYLOADS)
        Turns(served.store, 1.0).suggest([Suggestion(1, [PAYLOADS[0]], everything, 0.9, likely)])
        ann, bob = come(served, "Ann<img src=x onerror='window.ran=8'>"), come(served, "Bob")
        assert ann.row().startswith(PAYLOADS[0])
        ann.tab.screenshot()
        ann.flags(everything, ann.row()[-5:])
        for key in ("1", "2"):
            person = ann if key == "1" else bob
            person.answers(key, person.row()[-5:])
        for key, where in (("g", "#guidelines-text"), ("a", "#agreement-content"), ("?", "#keys-list")):
            ann.presses(key)
            ann.tab.wait_for_selector(f"{where} >> visible=true")
            ann.presses("Escape")
        ann.presses("d")
        ann.sees("What others said")
        ann.sees("flagged it")
        assert ann.tab.title().startswith("<script>")
        for person in (ann, bob):
            assert person.tab.evaluate("window.ran") is None
            assert person.tab.evaluate(f"document.querySelectorAll({TAGS!r}).length") == 3  # our own three
            assert "ran" not in json.dumps(person.tab.evaluate(ATTRIBUTES))


def test_the_token_leaves_the_address_and_no_script_reads_it(come: Come, tmp_path: Path) -> None:
    with serving(tmp_path / "p.sqlite") as served:
        ann = come(served, "Ann")
        ann.row()
        assert ann.tab.url == f"{served.url}/"
        assert ann.tab.evaluate("document.cookie") == ""
        assert TOKEN not in ann.tab.evaluate("JSON.stringify(localStorage)")
        (cookie,) = ann.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")


def test_text_from_right_to_left_stands_right_and_dark_is_dark(come: Come, tmp_path: Path) -> None:
    with serving(
        tmp_path / "p.sqlite",
        [text(1, "مرحبا، أين طلبي رقم 7؟\nEnglish line.")],
        settings(labels=("سؤال", "praise")),
    ) as served:
        ann = come(served, "أمل", color_scheme="dark")
        ann.row()
        direction = "element => getComputedStyle(element).direction"
        assert ann.tab.eval_on_selector(".turns .text", direction) == "rtl"
        assert ann.tab.eval_on_selector("#name", direction) == "rtl"
        assert ann.tab.eval_on_selector(".label >> nth=0 >> span", direction) == "rtl"
        assert ann.tab.eval_on_selector(".label >> nth=1 >> span", direction) == "ltr"
        assert ann.tab.eval_on_selector("body", direction) == "ltr"
        assert (
            ann.tab.eval_on_selector("body", "element => getComputedStyle(element).backgroundColor")
            == "rgb(21, 23, 26)"
        )
        assert ann.tab.evaluate("document.documentElement.scrollWidth") == 1100


def test_everything_has_a_name_and_changes_are_announced(come: Come, tmp_path: Path) -> None:
    with serving(tmp_path / "p.sqlite") as served:
        ann = come(served, "Ann")
        shown = ann.row()
        assert ann.tab.evaluate(NAMELESS) == []
        assert ann.tab.evaluate("document.activeElement.id") == "work"
        assert ann.tab.get_attribute("#announcement", "aria-live") == "polite"
        ann.sees("Row rows.csv:", "#announcement")
        ann.presses("Tab")  # the first label, behind the heading of the row
        assert ann.tab.evaluate("document.activeElement.className") == "label"
        ann.presses("Tab", "Enter")  # a button acts by itself: the second label
        ann.tab.wait_for_function(
            "words => !document.querySelector('.turns')?.innerText.includes(words)", arg=shown
        )
        ann.sees("1 by you", "#progress-words")
        ((_, [said]),) = served.store.standing()
        assert said.value == ["complaint"]
        for width in (1100, 420):
            ann.tab.set_viewport_size({"width": width, "height": 800})
            assert ann.tab.evaluate("document.documentElement.scrollWidth") == width
