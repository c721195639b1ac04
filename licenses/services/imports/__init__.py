"""Many licenses at once, from a file of another system: read, checked line by line, and then all issued or none."""
