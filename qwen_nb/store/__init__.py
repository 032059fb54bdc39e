"""Every conversation of a person, in one SQLite file: one thread writes, anybody reads."""

__all__ = ()
