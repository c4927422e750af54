"""The benchmarks stand beside the source, so they are found from the project's folder."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
