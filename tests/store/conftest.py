from _stores import open_store, path, store

__all__ = ["open_store", "path", "store"]
