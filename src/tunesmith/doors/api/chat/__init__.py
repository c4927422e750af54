"""Chat completions: a conversation in; its answer, whole or piece by piece, out."""
