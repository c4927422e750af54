"""Model: a name or a folder in; weights, tokenizer and chat template out, always together."""
