"""The door: people who have not signed in get to the sign-in page, and no further."""
