"""Shingles: the pieces of five characters that a text consists of, by which it is compared.

Two texts are as similar as the share of the shingles of both that they have in common (Jaccard; Broder, 1997,
https://doi.org/10.1109/SEQUEN.1997.666900). Characters, not words, so that it holds for every script. In a
text of 100 characters, a typing error replaces 5 of 96 shingles: it is 0.90 similar to what it was, with two
errors 0.81.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHINGLE = 5
"""Characters of a shingle."""

END = "\n"
"""What ends a text among code points. No folded text holds it, nor FILLER: all its white space is blanks."""

FILLER = "\t"
"""What makes a text that is shorter than a shingle as long as one."""

_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd: the fraction of the golden ratio


def hash_shingles(codes: NDArray[np.uint32]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hash every shingle of texts given as code points, each with END; give also where each text's begin.

    A shingle that a text repeats is hashed as often. Two different ones share a hash once in 10**19.
    """
    wide = codes.astype(np.uint64)
    places = len(codes) - SHINGLE
    hashes = wide[:places].copy()
    is_whole = np.ones(places, dtype=bool)
    for offset in range(1, SHINGLE):
        hashes *= _BASE
        hashes += wide[offset : places + offset]
    ends = np.flatnonzero(codes == ord(END))
    for offset in range(SHINGLE):  # a shingle must not reach into the next text
        reached = ends - offset
        is_whole[reached[reached < places]] = False
    lengths = np.diff(ends, prepend=-1) - SHINGLE
    starts = np.cumsum(lengths) - lengths
    return mix(hashes[is_whole]), starts


def mix(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scatter numbers over all of 64 bits, each to a place of its own (the end of SplitMix64).

    Steele, Lea and Flood, 2014, https://doi.org/10.1145/2714064.2660195.
    """
    mixed = numbers ^ (numbers >> np.uint64(30))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
