"""The desk in a browser: an extra (``boxes-tui[web]``), off by default, on the loopback, behind a proxy that says who
comes (PRODUCT §12, RELIABILITY S13)."""
