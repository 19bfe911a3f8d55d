"""Files that hold others: e-mails with what is attached to them, mailboxes, archives."""
