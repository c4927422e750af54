"""Data: files in; audited examples, a ledger and token sequences out."""
