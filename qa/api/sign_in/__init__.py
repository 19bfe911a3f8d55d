"""Who may sign in to a server, and who has."""
