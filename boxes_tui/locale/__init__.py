"""The English catalogue: extracted from the code, translated in ``boxes.po``, compiled to ``boxes.mo``.

``python -m boxes_tui.locale`` takes new sentences in, drops those that are gone, and compiles;
``python -m boxes_tui.locale --check`` says what is missing or stale and changes nothing.
"""
