"""Let people decide what the policy leaves to them, and carry out what they decide."""
