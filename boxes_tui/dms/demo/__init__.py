"""The demo dealership: a simulated DMS that lives over time and writes drop-folder files (DMS.md §3).

``world`` holds the state and plays the events, ``export`` writes the files in the foreign dialect that
``demo.toml`` maps, ``live`` goes on while somebody watches, ``desk_history`` says what the phone desk did
in the weeks before.
"""
