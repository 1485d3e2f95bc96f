"""Dealerships in dialects of their own: each module writes the truth of ``tests.dms.dealer`` down as one DMS would."""
