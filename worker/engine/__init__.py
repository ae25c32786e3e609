"""Draw pictures in one child process: its messages, its models, and its keeper in the parent."""
