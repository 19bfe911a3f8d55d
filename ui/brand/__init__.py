"""What makes the pages a company's own: name, logo, colours, welcome and contact, from settings."""
