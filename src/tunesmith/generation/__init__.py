"""Generation: token ids in; completions out, the same for evaluation and serving."""
