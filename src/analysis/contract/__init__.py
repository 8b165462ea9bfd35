"""Ground floor: tables, instruments, estimates, settings and provenance that every floor shares."""
