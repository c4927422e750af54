"""Pages: figures and findings in; self-contained HTML pages for people out."""
