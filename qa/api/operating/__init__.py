"""What whoever runs a server looks at: whether it is ready, figures, logs."""
