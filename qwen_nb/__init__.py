"""Reasoning models inside a notebook cell."""
