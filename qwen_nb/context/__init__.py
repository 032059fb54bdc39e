"""What of the history is sent: whole, truncated, summarised, retrieved."""

__all__ = ()
