"""The elements of names, as parts of regular expressions."""

from __future__ import annotations

CAPITALIZED = r"[A-Z][\w’'\-]*"
"""A word that begins with a capital."""
PARTICLES = "de|von|van|al|bin"
"""Small words within the name of a person."""
