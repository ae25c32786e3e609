"""Hold what scores texts and pictures: the protocols, and each kind of classifier in its file."""
