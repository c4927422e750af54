"""A WordNet of a few words, in the form of its database files, for tests."""

from dataclasses import dataclass, field
from pathlib import Path

PARTS = {"noun": ("n", 1), "verb": ("v", 2), "adj": ("a", 3), "adv": ("r", 4)}


@dataclass
class Dictionary:
    """Synsets to be written: for each part of speech, lists of words; and how often a sense was counted."""

    synsets: dict[str, list[list[str]]]
    uses: dict[tuple[str, str, int], int] = field(default_factory=dict)
    exceptions: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """Write index, data, exceptions and counts; senses are numbered in the order of the synsets."""
        folder.mkdir(parents=True, exist_ok=True)
        for part, (letter, _) in PARTS.items():
            data, offsets = "  1 A few words.  \n", []
            for words in self.synsets.get(part, []):
                offsets.append(len(data.encode()))
                listed = " ".join(f"{word} 0" for word in words)
                data += f"{offsets[-1]:08} 03 {letter} {len(words):02x} {listed} 000 | a meaning  \n"
            (folder / f"data.{part}").write_text(data)
            senses: dict[str, list[int]] = {}
            for words, offset in zip(self.synsets.get(part, []), offsets, strict=True):
                for word in words:
                    senses.setdefault(word.split("(")[0].lower(), []).append(offset)
            lines = [
                f"{lemma} {letter} {len(found)} 1 @ {len(found)} 0 {' '.join(f'{one:08}' for one in found)}  "
                for lemma, found in sorted(senses.items())
            ]
            (folder / f"index.{part}").write_text(
                "  1 A few words.  \n" + "".join(f"{line}\n" for line in lines)
            )
            (folder / f"{part}.exc").write_text(self.exceptions.get(part, ""))
        counts = [
            f"{lemma}%{PARTS[part][1]}:00:00:: {sense} {count}"
            for (lemma, part, sense), count in self.uses.items()
        ]
        (folder / "cntlist.rev").write_text("".join(f"{line}\n" for line in sorted(counts)))
        return folder


SMALL = Dictionary(
    synsets={
        "noun": [
            ["car", "auto", "motor_car"],
            ["bank"],
            ["bank", "shore"],
            ["goose"],
            ["order", "command"],
            ["box"],
        ],
        "verb": [["buy", "purchase"], ["order", "arrange"], ["stop", "halt"], ["carry"], ["try", "attempt"]],
        "adj": [["big", "large"], ["asleep(p)", "dormant"]],
        "adv": [["quickly", "rapidly"]],
    },
    uses={
        ("order", "verb", 1): 90,
        ("order", "noun", 1): 5,
        ("bank", "noun", 1): 3,
        ("bank", "noun", 2): 3,
    },
    exceptions={"noun": "geese goose\n"},
)
