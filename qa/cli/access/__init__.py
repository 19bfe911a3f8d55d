"""The verbs that say who may ask and read: `qa user`, `qa key`, `qa permit`."""
