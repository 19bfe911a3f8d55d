"""The door: whoever has not signed in gets to the page where they can, and no further."""
