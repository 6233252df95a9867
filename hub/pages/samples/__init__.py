"""A few rows of a dataset as people see them: pictures, texts, numbers. Reads only the bytes of these rows where the format allows it."""
