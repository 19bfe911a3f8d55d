"""What whoever runs a server sees and does: documents, syncs, reviews, questions, alerts."""
