"""The routes for whoever runs the server: the owner's page, its health, its figures."""
