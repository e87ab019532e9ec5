"""The instructor's side of the course; learners never install it."""
