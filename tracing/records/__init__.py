"""Records: what people said, as forms, each answer with where it came from."""
