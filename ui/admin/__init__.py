"""The owner's page, as HTML; its script only adds what changes by itself."""
