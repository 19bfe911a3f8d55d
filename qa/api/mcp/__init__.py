"""The Model Context Protocol (https://modelcontextprotocol.io), for agents."""
