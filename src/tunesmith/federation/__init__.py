"""Federation: adapters trained apart in; one adapter out."""
